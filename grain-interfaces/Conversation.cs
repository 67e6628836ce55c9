namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>A conversation that the cluster keeps for its tenant.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.Conversation")]
public sealed record Conversation
{
    /// <summary>Seconds since 1970.</summary>
    [Id(0)] public required long CreatedAt { get; init; }

    /// <summary>What the client has noted about it; means nothing here.</summary>
    [Id(1)] public Dictionary<string, string> Metadata { get; init; } = [];

    /// <summary>What it was created with.</summary>
    [Id(2)] public ConversationMessage[] Opening { get; init; } = [];

    [Id(3)] public ConversationTurn[] Turns { get; init; } = [];

    /// <summary>All that has been said, in order.</summary>
    public IEnumerable<ConversationMessage> Messages => Opening.Concat(Turns.SelectMany(turn => turn.Messages));
}

/// <param name="Role">system, user or assistant.</param>
/// <param name="Content">The text, without what the assistant thought.</param>
[GenerateSerializer, Immutable, Alias("deepseek.ConversationMessage")]
public sealed record ConversationMessage(
    [property: Id(0)] string Role,
    [property: Id(1)] string Content);

/// <summary>What one request has added: its messages, and the answer.</summary>
/// <param name="Id">Of the request, unique in the cluster: no turn is stored twice.</param>
[GenerateSerializer, Immutable, Alias("deepseek.ConversationTurn")]
public sealed record ConversationTurn(
    [property: Id(0)] string Id,
    [property: Id(1)] ConversationMessage[] Messages);
