using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Robustness.Histories;

internal enum EventKind
{
    /// <summary>What an undisturbed run answers to a prompt.</summary>
    Expected,

    /// <summary>A client sent a request.</summary>
    Sent,

    /// <summary>The frontend accepted it and named it.</summary>
    Opened,

    /// <summary>A piece of the answer came.</summary>
    Chunk,

    /// <summary>The request ended, as <see cref="Outcome"/> says.</summary>
    Ended,

    /// <summary>The frontend says that an answer has gone on elsewhere; known after the run, so without a time.</summary>
    Moved,

    /// <summary>The rig disturbed the cluster.</summary>
    Fault,

    /// <summary>The cluster is as large as before the fault.</summary>
    Healed,

    /// <summary>The rig sends no more requests; those under way may end.</summary>
    Closing,
}

internal enum Outcome
{
    Complete,

    /// <summary>Turned away before its first token, with a reason.</summary>
    Refused,

    /// <summary>Broken off with an explicit error.</summary>
    Failed,

    /// <summary>Broken off without a word, or silent for too long: nobody knows what became of it.</summary>
    Unknown,
}

/// <summary>One line of a history.</summary>
/// <param name="At">Milliseconds since the run began.</param>
internal sealed record HistoryEvent(double At, EventKind Kind)
{
    /// <summary>The client's own number of the request.</summary>
    public int? Request { get; init; }

    /// <summary>The cluster's name of the request.</summary>
    public string? Id { get; init; }

    /// <summary>The number of the prompt.</summary>
    public int? Prompt { get; init; }

    /// <summary>Of a chunk within its answer, from 0.</summary>
    public int? Index { get; init; }

    /// <summary>Of a chunk, or the whole text that is expected.</summary>
    public string? Text { get; init; }

    public Outcome? Outcome { get; init; }

    /// <summary>Tokens that the answer was charged for.</summary>
    public int? Tokens { get; init; }

    /// <summary>The finish reason, the error's code, the fault, or whatever else a person wants to know.</summary>
    public string? Detail { get; init; }

    /// <summary>Whom it concerns: the frontend that was asked, or the silo that was hit.</summary>
    public string? Where { get; init; }
}

[JsonSerializable(typeof(HistoryEvent))]
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true)]
internal sealed partial class HistoryContext : JsonSerializerContext;
