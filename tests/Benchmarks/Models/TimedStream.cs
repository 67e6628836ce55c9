using System.Diagnostics;
using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Models;

/// <summary>One answer and the times of its tokens.</summary>
internal sealed class TimedStream(long id)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _timesLock = new();
    private readonly List<long> _times = [];

    public long Id => id;

    public long SubmittedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>Prompt tokens that had been computed before.</summary>
    public int CachedTokens { get; private set; }

    public Task FirstToken => _first.Task;

    public Task Ended => _ended.Task;

    public TimeSpan TimeToFirstToken => Stopwatch.GetElapsedTime(SubmittedAt, Times()[0]);

    public void Add(EmittedToken token, long now)
    {
        if (token.Finish is FinishReason.ModelFault or FinishReason.EngineStopping)
        {
            _ended.TrySetException(new InvalidOperationException($"the engine ended a stream: {token.Finish}"));
            return;
        }

        if (token.TokenId >= 0)
        {
            lock (_timesLock)
            {
                _times.Add(now);
            }

            CachedTokens += token.CachedTokens;
            _first.TrySetResult();
        }

        if (token.Finish is not null)
        {
            _ended.TrySetResult();
        }
    }

    /// <summary>Milliseconds between neighbouring tokens of which the later one came in this window.</summary>
    public double[] Gaps(long from, long to)
    {
        long[] times = Times();
        return [.. times.Zip(times.Skip(1))
            .Where(pair => pair.Second > from && pair.Second <= to)
            .Select(pair => Stopwatch.GetElapsedTime(pair.First, pair.Second).TotalMilliseconds)];
    }

    private long[] Times()
    {
        lock (_timesLock)
        {
            return [.. _times];
        }
    }
}
