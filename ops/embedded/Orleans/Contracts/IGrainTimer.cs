using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>A timer whose callbacks are turns of its grain. It ends with the activation.</summary>
public interface IGrainTimer : IDisposable
{
    /// <param name="dueTime">Infinite stops the timer.</param>
    /// <param name="period">Counted from the end of a callback; infinite means that there is one callback only.</param>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>When a grain timer ticks and what its ticks may do.</summary>
public readonly struct GrainTimerCreationOptions
{
    public GrainTimerCreationOptions()
    {
    }

    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period)
    {
        DueTime = dueTime;
        Period = period;
    }

    public required TimeSpan DueTime { get; init; }

    public required TimeSpan Period { get; init; }

    /// <summary>The callback may run between the awaits of a call; otherwise it waits for its turn.</summary>
    public bool Interleave { get; init; }

    /// <summary>Each tick counts as use of the grain, so that it is not collected.</summary>
    public bool KeepAlive { get; init; }
}
