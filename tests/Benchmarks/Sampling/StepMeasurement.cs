using System.Diagnostics;
using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Sampling;

/// <summary>Times the full steps between a warm-up and an end, on the engine's thread.</summary>
internal sealed class StepMeasurement(int warmUpSteps, int steps) : IStepObserver, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly ManualResetEventSlim _done = new();
    private int _fullSteps;
    private int _rows;
    private long _startedAt;
    private long _bytesAtStart;
    private TimeSpan _elapsed;
    private long _bytes;

    public double StepsPerSecond => steps / _elapsed.TotalSeconds;

    public double MicrosecondsPerStep => _elapsed.TotalMicroseconds / steps;

    public double BytesPerToken => (double)_bytes / ((long)steps * _rows);

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        _fullSteps++;
        if (_fullSteps == warmUpSteps)
        {
            _rows = tokens.Length;
            _bytesAtStart = GC.GetAllocatedBytesForCurrentThread();
            _startedAt = Stopwatch.GetTimestamp();
        }
        else if (_fullSteps == warmUpSteps + steps)
        {
            _elapsed = Stopwatch.GetElapsedTime(_startedAt);
            _bytes = GC.GetAllocatedBytesForCurrentThread() - _bytesAtStart;
            _done.Set();
        }
    }

    public void WaitUntilDone()
    {
        if (!_done.Wait(Limit))
        {
            throw new TimeoutException($"{_fullSteps} of {warmUpSteps + steps} steps after {Limit}");
        }
    }

    public void Dispose() => _done.Dispose();
}
