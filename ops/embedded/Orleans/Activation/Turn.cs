namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>A piece of work that waits for its turn on an activation.</summary>
internal abstract class Turn
{
    /// <summary>Needs no turn of its own.</summary>
    public abstract bool AlwaysInterleaves { get; }

    /// <summary>May run beside others like it.</summary>
    public abstract bool IsReadOnly { get; }

    /// <summary>Runs on the activation's scheduler. The task never fails.</summary>
    public abstract Task RunAsync(GrainActivation activation);

    /// <summary>The activation has ended before the turn has begun.</summary>
    /// <param name="reason">Why the activation could not start; null when it ended as it should.</param>
    public abstract void Abandon(GrainActivation activation, Exception? reason);
}
