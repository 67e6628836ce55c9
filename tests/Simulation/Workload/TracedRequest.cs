namespace DeepSeekOrleans.Simulation.Workload;

/// <param name="At">Seconds since the trace began.</param>
/// <param name="PromptTokens">At least 1.</param>
/// <param name="OutputTokens">At least 1.</param>
/// <param name="Blocks">Names of the prompt's prefixes, one for each whole block of the trace.</param>
internal readonly record struct TracedRequest(double At, int PromptTokens, int OutputTokens, ulong[] Blocks);
