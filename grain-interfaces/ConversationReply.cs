namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>How a call about a stored conversation went.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.ConversationReply")]
public sealed record ConversationReply
{
    [Id(0)] public required ConversationOutcome Outcome { get; init; }

    /// <summary>As it is now; set when the outcome is <see cref="ConversationOutcome.Done"/>, except after a deletion.</summary>
    [Id(1)] public Conversation? Conversation { get; init; }

    /// <summary>When to try again, for <see cref="ConversationOutcome.StoreAway"/>.</summary>
    [Id(2)] public TimeSpan RetryAfter { get; init; }
}

public enum ConversationOutcome
{
    Done = 0,

    /// <summary>The tenant has no such conversation.</summary>
    Unknown = 1,

    /// <summary>Another turn is under way, or has been added since this one began.</summary>
    Conflict = 2,

    /// <summary>It has as many turns, or as much text, as it may have.</summary>
    Full = 3,

    /// <summary>The store that keeps conversations is out of reach.</summary>
    StoreAway = 4,
}
