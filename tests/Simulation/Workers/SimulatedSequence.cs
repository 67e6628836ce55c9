using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Simulation.Workload;

namespace DeepSeekOrleans.Simulation.Workers;

/// <summary>One request on its way through a worker.</summary>
internal sealed class SimulatedSequence(TracedRequest request, Attempt attempt)
{
    public TracedRequest Request { get; } = request;

    public Attempt Attempt { get; } = attempt;

    /// <summary>Positions that it needs in all.</summary>
    public int Tokens => Request.PromptTokens + Request.OutputTokens;

    public int Slot { get; set; }

    public int CachedTokens { get; set; }

    /// <summary>In seconds of the simulation; not a number until then.</summary>
    public double FirstTokenAt { get; set; } = double.NaN;
}
