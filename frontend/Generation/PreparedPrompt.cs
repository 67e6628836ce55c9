namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>A prompt as tokens.</summary>
/// <param name="Ids">At least one.</param>
/// <param name="StartsInReasoning">The answer begins inside an open think tag; null when think tags mean nothing here.</param>
/// <param name="PrefixChain">See <see cref="GrainInterfaces.SessionRequest.PrefixChain"/>.</param>
/// <param name="Parameter">The request's parameter that the prompt came from.</param>
internal sealed record PreparedPrompt(int[] Ids, bool? StartsInReasoning, ulong[] PrefixChain, string Parameter);
