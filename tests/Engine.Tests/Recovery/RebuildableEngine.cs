using DeepSeekOrleans.Engine.Tests.Fakes;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Engine.Tests.Recovery;

/// <summary>An engine that gets a new fake runner whenever one breaks, and a record of what it emitted, doubled tokens refused.</summary>
internal sealed class RebuildableEngine : IStepObserver, IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Lock _recording = new();
    private readonly StepRecorder _recorder = new();
    private readonly Dictionary<long, TaskCompletionSource> _ends = [];
    private readonly Action<FakeRunner, int> _prepare;
    private readonly int _slots;

    /// <param name="prepare">Called for each runner, with the number of those before it; may throw in place of a factory.</param>
    public RebuildableEngine(Action<FakeRunner, int> prepare, int slots = 4, EngineOptions? options = null)
    {
        _prepare = prepare;
        _slots = slots;
        Clock = new JumpingTime(Time);
        Engine = new InferenceEngine(
            NewRunner(), DemoTokenizer.Instance, this, options ?? new EngineOptions(), Clock, NullLogger<InferenceEngine>.Instance)
        {
            RunnerFactory = NewRunner,
        };
    }

    public InferenceEngine Engine { get; }

    public FakeTimeProvider Time { get; } = new();

    /// <summary>What the engine goes by: <see cref="Time"/>, under a clock on the wall that can be set.</summary>
    public JumpingTime Clock { get; }

    public List<FakeRunner> Runners { get; } = [];

    /// <summary>What the observer thought of the engine's order of tokens; null when it was right.</summary>
    public Exception? Disorder { get; private set; }

    public StepRecorder.Output this[long id]
    {
        get
        {
            lock (_recording)
            {
                return _recorder[id];
            }
        }
    }

    public void Submit(IEnumerable<GenerationRequest> requests)
    {
        foreach (GenerationRequest request in requests)
        {
            _ends[request.Id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Assert.Equal(AdmissionOutcome.Admitted, Engine.Submit(request));
        }
    }

    /// <summary>Waits for the end of all that has been submitted.</summary>
    public async Task AllEndedAsync()
    {
        Task all = Task.WhenAll(_ends.Values.Select(end => end.Task));
        Task first = await Task.WhenAny(all, Task.Delay(Limit));
        Assert.True(first == all, $"still open: {string.Join(',', _ends.Where(end => !end.Value.Task.IsCompleted).Select(end => end.Key))}; {Engine.Status}");
    }

    /// <summary>The same, while the engine's clock goes on.</summary>
    public async Task AllEndedWhileTimePassesAsync(TimeSpan step)
    {
        Task all = AllEndedAsync();
        while (!all.IsCompleted)
        {
            Time.Advance(step);
            await Task.WhenAny(all, Task.Delay(1));
        }

        await all;
    }

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        lock (_recording)
        {
            try
            {
                _recorder.OnStep(tokens);
            }
            catch (InvalidOperationException disorder)
            {
                Disorder = disorder;
            }
        }

        foreach (EmittedToken token in tokens)
        {
            if (token.Finish is not null)
            {
                _ends[token.SequenceId].TrySetResult();
            }
        }
    }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    private FakeRunner NewRunner()
    {
        var runner = new FakeRunner(FakeRunner.ShapeOf(_slots));
        Runners.Add(runner);
        _prepare(runner, Runners.Count - 1);
        return runner;
    }
}
