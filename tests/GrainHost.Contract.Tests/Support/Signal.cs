using System.Collections.Concurrent;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Support;

/// <summary>Events between a test and the grains in its process, each named by the test and armed before the act.</summary>
internal sealed class Signal
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly ConcurrentDictionary<string, Signal> Signals = new();

    private readonly string _name;
    private readonly TaskCompletionSource<string> _raised = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    private Signal(string name) => _name = name;

    public bool IsRaised => _raised.Task.IsCompleted;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Never fails and has no limit: for grains that wait for their test.</summary>
    public Task Raised => _raised.Task;

    public static Signal Named(string name) => Signals.GetOrAdd(name, static name => new Signal(name));

    public void Raise(string text = "")
    {
        Interlocked.Increment(ref _count);
        _raised.TrySetResult(text);
    }

    /// <returns>The text of the first raise.</returns>
    public async Task<string> WaitAsync()
    {
        try
        {
            return await _raised.Task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"the signal '{_name}' was not raised within {Limit}");
        }
    }
}
