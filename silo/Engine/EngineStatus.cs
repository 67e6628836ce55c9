namespace DeepSeekOrleans.Engine;

/// <summary>What an engine is doing, as seen at one moment from any thread.</summary>
public sealed record EngineStatus
{
    /// <summary>Sequences that hold a KV slot.</summary>
    public required int Running { get; init; }

    /// <summary>Sequences admitted but still without a slot.</summary>
    public required int Waiting { get; init; }

    /// <summary>Sequences admitted since the start, whatever has become of them.</summary>
    public required long Admitted { get; init; }

    /// <summary>Tokens that are to be prefilled before every admitted sequence has its first token; those that a slot already holds may count.</summary>
    public required long QueuedTokens { get; init; }

    /// <summary>What a token of a prompt was measured to cost, alone on the device; zero before the first measurement.</summary>
    public required TimeSpan PrefillCost { get; init; }

    /// <summary>What one more running sequence was measured to add to a decode run; zero while only one number of rows was measured.</summary>
    public required TimeSpan DecodeCost { get; init; }

    /// <summary>KV slots in all.</summary>
    public required int Slots { get; init; }

    /// <summary>The most sequences that may wait.</summary>
    public required int QueueLimit { get; init; }

    /// <summary>Prompt and output tokens that one sequence can have, by the model's context and by the capacity for keys and values.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Positions of ended sequences that are kept for prompts which begin like them.</summary>
    public required int ResidentTokens { get; init; }

    /// <summary>How often a running sequence had to wait again because <see cref="EngineOptions.KvTokens"/> ran out.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Steps that computed something since the start.</summary>
    public required long Steps { get; init; }

    /// <summary>Tokens that were drafted and verified since the start; see <see cref="EngineOptions.Speculation"/>.</summary>
    public required long DraftedTokens { get; init; }

    /// <summary>Tokens beyond the first that the verifying runs gave.</summary>
    public required long AcceptedTokens { get; init; }

    /// <summary>
    /// Work has been there for longer than <see cref="EngineOptions.StallLimit"/> without a finished step, and the engine is still being
    /// built anew or cannot be: who waits is better off elsewhere.
    /// </summary>
    public required bool Stalled { get; init; }

    /// <summary>Faulted, or without a step for two and a half limits: nothing but a new process will help.</summary>
    public required bool NeedsRestart { get; init; }

    /// <summary>The engine broke and is being built anew; its sequences wait, and nothing has been lost.</summary>
    public required bool Rebuilding { get; init; }

    /// <summary>How often the engine has been built anew.</summary>
    public required int Rebuilds { get; init; }

    /// <summary>The engine broke; every sequence has been told <see cref="FinishReason.EngineStopping"/>, and it takes no more.</summary>
    public required bool Faulted { get; init; }
}
