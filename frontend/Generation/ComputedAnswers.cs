using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// The answers that this frontend has computed at present. Equal requests read one and the same; the tenant is part of the key by which
/// they are found equal, so that no answer is ever shared between tenants.
/// </summary>
internal sealed class ComputedAnswers(StreamMover mover, TokenHub hub, IOptions<StreamOptions> options)
{
    private readonly StreamOptions _options = options.Value;

    // guards the table and the count: of equal requests, exactly one begins the answer
    private readonly Lock _table = new();
    private readonly Dictionary<AnswerKey, ComputedAnswer> _shared = [];
    private int _readers;

    /// <summary>Answers that an equal request would share.</summary>
    public int Shared
    {
        get
        {
            lock (_table)
            {
                return _shared.Count;
            }
        }
    }

    /// <summary>Clients that read an answer.</summary>
    public int Readers
    {
        get
        {
            lock (_table)
            {
                return _readers;
            }
        }
    }

    /// <exception cref="GenerationException">This frontend has as many streams open as it may have.</exception>
    public AnswerSeat Join(GenerationPlan plan)
    {
        lock (_table)
        {
            if (_readers >= _options.MaxOpenStreams)
            {
                throw new GenerationException(GenerationFailure.Busy, _options.RetryAfter);
            }

            _readers++;
            if (plan.AnswerKey is { } key && _shared.TryGetValue(key, out ComputedAnswer? shared) && shared.Log.TryJoin() is { } follower)
            {
                shared.Holders++;
                return new AnswerSeat(this, shared, follower, IsFollower: true);
            }

            var begun = new ComputedAnswer(plan, mover);
            LogReader first = begun.Log.TryJoin()!;
            begun.Holders++;
            if (plan.AnswerKey is not null)
            {
                // in the place of one that has failed or was given up
                _shared[plan.AnswerKey] = begun;
            }

            begun.Begin(new AttemptStart(hub.NewStreamId(), Number: 1, EmittedIds: []), answer => Forget(answer, plan.AnswerKey));
            return new AnswerSeat(this, begun, first, IsFollower: false);
        }
    }

    public async Task LeaveAsync(AnswerSeat seat)
    {
        await seat.Answer.LeaveAsync(seat.Reader);
        lock (_table)
        {
            _readers--;
            Release(seat.Answer);
        }
    }

    // what the exact cache holds by now is no longer needed here
    private void Forget(ComputedAnswer answer, AnswerKey? key)
    {
        lock (_table)
        {
            if (key is not null && _shared.GetValueOrDefault(key) == answer)
            {
                _shared.Remove(key);
            }

            Release(answer);
        }
    }

    private static void Release(ComputedAnswer answer)
    {
        if (--answer.Holders == 0)
        {
            answer.Dispose();
        }
    }
}

/// <summary>A reader's place at an answer; to be given up once.</summary>
/// <param name="IsFollower">An equal request had begun the answer before.</param>
internal sealed record AnswerSeat(ComputedAnswers Answers, ComputedAnswer Answer, LogReader Reader, bool IsFollower) : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await Answers.LeaveAsync(this);
}
