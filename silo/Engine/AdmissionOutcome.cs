namespace DeepSeekOrleans.Engine;

/// <summary>The engine's immediate answer to a submitted request.</summary>
public enum AdmissionOutcome
{
    Admitted,

    /// <summary>The waiting queue is at its limit.</summary>
    QueueFull,

    /// <summary>The engine takes no new work.</summary>
    Draining,

    /// <summary>Prompt and output together exceed the model's context or the capacity for keys and values.</summary>
    NeverFits,
}
