using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>One answer as one client gets it, from its first token to its last text; others may read the same answer beside it.</summary>
internal sealed class GenerationStream : IAsyncDisposable
{
    private readonly GenerationPlan _plan;
    private readonly AnswerSeat _seat;
    private readonly AnswerText _text;
    private readonly List<int> _unread = [];

    public GenerationStream(GenerationPlan plan, AnswerSeat seat)
    {
        (_plan, _seat) = (plan, seat);
        _text = new AnswerText(plan.Model.Language.Tokenizer, plan.Order.StopStrings, plan.Prompt.StartsInReasoning);
    }

    /// <summary>How the answer ended; null before that.</summary>
    public StreamFinish? Finish { get; private set; }

    /// <summary>The entry that was read last is a mere sign of life, not a token whose text is held back.</summary>
    public bool IsQuiet { get; private set; }

    public int PromptTokens => _plan.Prompt.Ids.Length;

    /// <summary>Prompt tokens that no worker had to compute for this client.</summary>
    public int CachedTokens => IsReplayed || IsShared ? PromptTokens : Facts?.CachedTokens ?? 0;

    /// <summary>The answer was known already.</summary>
    public bool IsReplayed => _seat.Answer.IsReplayed;

    /// <summary>An equal request had begun the answer, and it was not computed a second time.</summary>
    public bool IsShared => (_seat.IsFollower || _seat.Answer.IsJoined) && !IsReplayed;

    /// <summary>Known with the first token; of the worker that computed it.</summary>
    public StreamFacts? Facts { get; private set; }

    public long Seed => unchecked((long)_plan.Order.Sampling.Seed);

    /// <summary>The ending token included.</summary>
    public int CompletionTokens { get; private set; }

    public int ReasoningTokens => _text.ReasoningTokens;

    /// <summary>Waits until the answer is computed somewhere, or is known.</summary>
    /// <exception cref="GenerationException">No worker takes the request.</exception>
    /// <exception cref="Admission.RequestRejected">No worker will ever take it.</exception>
    public Task BeginAsync(CancellationToken cancellationToken) => _seat.Answer.Begun.WaitAsync(cancellationToken);

    /// <summary>
    /// The text as it comes: one entry for all that is there at a time, an empty one as a sign of life. Ends with
    /// <see cref="Finish"/> set.
    /// </summary>
    /// <exception cref="GenerationException">The answer could not be completed.</exception>
    public async IAsyncEnumerable<TextDelta> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (Finish is null)
        {
            await _seat.Reader.WaitAsync(cancellationToken);
            LogState state = Read();
            if (Finish is not null && state.Finish is null)
            {
                await _seat.Answer.StopAsync();
            }

            // what came before the failure still belongs to the client
            yield return _text.Take();
            if (Finish is null && state.Failure is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }

    public ValueTask DisposeAsync() => _seat.DisposeAsync();

    private LogState Read()
    {
        _unread.Clear();
        LogState state = _seat.Reader.Take(_unread);
        IsQuiet = _unread.Count == 0;
        Facts = state.Facts;
        CompletionTokens += _unread.Count;

        ReadOnlySpan<int> ids = CollectionsMarshal.AsSpan(_unread);
        bool endsWithStopToken = state.Finish == StreamFinish.Stop && ids.Length > 0 && _plan.Order.StopTokenIds.Contains(ids[^1]);
        _text.Append(endsWithStopToken ? ids[..^1] : ids);
        if (state.Finish is not null || _text.IsStopped)
        {
            _text.End();
            Finish = _text.IsStopped ? StreamFinish.Stop : state.Finish;
        }

        return state;
    }
}
