using DeepSeekOrleans.Engine.Sampling;
using DeepSeekOrleans.Engine.Speculation;
using DeepSeekOrleans.Engine.Stopping;

namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>
/// One open request on the engine's thread. Its input is the prompt and the tokens emitted elsewhere; the input is prefilled, then
/// each output token is fed back in a decode row.
/// </summary>
internal sealed class Sequence(GenerationRequest request, TenantLane lane, long arrival)
{
    public const int NoSlot = -1;

    public GenerationRequest Request { get; } = request;

    public TenantLane Lane { get; } = lane;

    /// <summary>Counts the sequences of this engine in the order of their arrival.</summary>
    public long Arrival { get; } = arrival;

    public int Slot { get; set; } = NoSlot;

    /// <summary>Positions of the slot that hold this sequence's keys and values; also the next position to write.</summary>
    public int KvLength { get; set; }

    /// <summary>Output tokens so far, those emitted elsewhere included.</summary>
    public int OutputCount { get; set; } = request.EmittedIds.Length;

    /// <summary>The newest output token, which the next decode row feeds.</summary>
    public int LastToken { get; set; }

    /// <summary>Prompt tokens that another sequence had computed.</summary>
    public int CachedTokens { get; set; }

    /// <summary>How often the engine broke while this sequence had a slot.</summary>
    public int Breaks { get; init; }

    /// <summary>
    /// While it is on trial nobody else computes. So it is where this engine broke: one that was cleared may break it again. Streams of an
    /// engine that never broke must not wait for a suspect that another one has handed on.
    /// </summary>
    public bool IsTriedAlone { get; init; }

    /// <summary>It has got a token further than it came before the engine broke, so it is not what broke it.</summary>
    public bool IsCleared => OutputCount > Request.EmittedIds.Length;

    /// <summary>Tokens of its answer have been emitted, elsewhere or here, or it held a slot before.</summary>
    public bool HasBegun => OutputCount > 0 || Preemptions > 0;

    /// <summary>Prompt and output in one row; made when the sequence gets its slot.</summary>
    public int[] Tokens { get; private set; } = [];

    /// <summary>Set when the sequence gets its slot.</summary>
    public StopConditions? Stops { get; set; }

    /// <summary>Null when the request changes no logits.</summary>
    public LogitAdjustments? Adjustments { get; set; }

    /// <summary>Its next token is the one with the largest logit.</summary>
    public bool TakesBest => Adjustments is null && Request.Sampling.Temperature <= 0;

    /// <summary>
    /// Tokens that are prefilled before the first decode row: prompt and tokens emitted elsewhere, and after a preemption those emitted
    /// here.
    /// </summary>
    public int InputLength { get; private set; } = request.PromptIds.Length + request.EmittedIds.Length;

    /// <summary>How often the sequence had to give up its slot.</summary>
    public int Preemptions { get; private set; }

    /// <summary>Made when the sequence first decodes alone in an engine that speculates.</summary>
    public Drafter? Drafter { get; set; }

    /// <summary>Prompt and output so far.</summary>
    public ReadOnlySpan<int> SoFar => Tokens.AsSpan(0, Request.PromptIds.Length + OutputCount);

    public bool IsPrefilling => KvLength < InputLength;

    public void PrepareTokens()
    {
        Tokens = new int[Request.PromptIds.Length + Math.Max(Request.MaxTokens, Request.EmittedIds.Length)];
        Request.PromptIds.CopyTo(Tokens);
        Request.EmittedIds.CopyTo(Tokens, Request.PromptIds.Length);
    }

    /// <summary>The sequence has a slot again, or for the first time, with the keys and values of its first tokens.</summary>
    public void StartAfter(int cached)
    {
        KvLength = cached;
        if (Preemptions == 0)
        {
            CachedTokens = Math.Min(cached, Request.PromptIds.Length);
        }
        else if (OutputCount > Request.EmittedIds.Length && cached == InputLength - 1)
        {
            // nothing was lost: the newest token is fed by a decode row, as it would have been
            InputLength = cached;
        }
    }

    /// <summary>The slot is gone; what was emitted is input from here on, and stop state and penalties stay as they are.</summary>
    public void Suspend()
    {
        KvLength = 0;
        InputLength = Request.PromptIds.Length + OutputCount;
        Preemptions++;
    }

    /// <summary>The request that goes on after the tokens so far.</summary>
    public GenerationRequest Continuation() =>
        Request with { EmittedIds = [.. Tokens.AsSpan(Request.PromptIds.Length, OutputCount)] };

    /// <summary>Notes the next output token.</summary>
    public void Append(int token)
    {
        Tokens[Request.PromptIds.Length + OutputCount] = token;
        LastToken = token;
        OutputCount++;
        Drafter?.Hear(token);
    }
}
