using System.Collections.Immutable;
using DeepSeekOrleans.Engine.Tests.Fakes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Engine.Tests;

public sealed class InferenceEngineTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly FakeRunner _runner = new(FakeRunner.ShapeOf(slots: 2));
    private readonly AwaitableRecorder _recorder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CountingLogger _log = new();
    private readonly EngineOptions _options = new() { MaxWaiting = 2 };
    private readonly InferenceEngine _engine;

    public InferenceEngineTests() => _engine = new InferenceEngine(_runner, DemoTokenizer.Instance, _recorder, _options, _time, _log);

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task Submit_SeveralRequests_TokensComeInOrderAndAsAlone()
    {
        _engine.Start();
        GenerationRequest[] requests = [.. Enumerable.Range(1, 3).Select(id => Requests.Of(id))];
        Task[] ends = [.. requests.Select(request => _recorder.EndOf(request.Id))];

        Assert.All(requests, request => Assert.Equal(AdmissionOutcome.Admitted, _engine.Submit(request)));
        await Within(Task.WhenAll(ends));

        Assert.All(requests, request => Assert.Equal(CoreDriver.Alone(request), _recorder.IdsOf(request.Id)));
    }

    [Fact]
    public void Submit_MoreThanSlotsAndQueueHold_IsRefusedAtOnce()
    {
        AdmissionOutcome[] outcomes = [.. Enumerable.Range(1, 5).Select(id => _engine.Submit(Requests.Of(id)))];

        Assert.Equal([.. Enumerable.Repeat(AdmissionOutcome.Admitted, 4), AdmissionOutcome.QueueFull], outcomes);
    }

    [Fact]
    public void Submit_PromptAndOutputBeyondTheContext_NeverFits()
    {
        Assert.Equal(AdmissionOutcome.NeverFits, _engine.Submit(Requests.Of(1, promptLength: 200, maxTokens: 57)));
        Assert.Equal(AdmissionOutcome.NeverFits, _engine.Submit(Requests.Of(2, maxTokens: int.MaxValue)));
        Assert.Equal(AdmissionOutcome.Admitted, _engine.Submit(Requests.Of(3, promptLength: 200, maxTokens: 56)));
    }

    [Fact]
    public async Task Submit_PromptAndOutputBeyondTheCapacity_NeverFits()
    {
        await using var engine = new InferenceEngine(
            new FakeRunner(FakeRunner.ShapeOf()), DemoTokenizer.Instance, _recorder, new EngineOptions { KvTokens = 100 }, _time, _log);

        Assert.Equal(AdmissionOutcome.NeverFits, engine.Submit(Requests.Of(1, promptLength: 60, maxTokens: 41)));
        Assert.Equal(AdmissionOutcome.Admitted, engine.Submit(Requests.Of(2, promptLength: 60, maxTokens: 40)));
        Assert.Equal(100, engine.Status.ContextLength);
    }

    public static TheoryData<string, GenerationRequest> Invalid => new()
    {
        { "prompt above the vocabulary", Requests.Of(1) with { PromptIds = [1, 97] } },
        { "prompt below 0", Requests.Of(1) with { PromptIds = [-1] } },
        { "empty prompt", Requests.Of(1) with { PromptIds = [] } },
        { "emitted above the vocabulary", Requests.Of(1) with { EmittedIds = [97] } },
        { "bias above the vocabulary", Requests.Of(1) with { Sampling = new() { LogitBias = ImmutableDictionary<int, float>.Empty.Add(97, 1) } } },
        { "priority above the range", Requests.Of(1) with { Priority = 3 } },
        { "priority below the range", Requests.Of(1) with { Priority = -3 } },
        { "no token to generate", Requests.Of(1, maxTokens: 0) },
        { "empty stop string", Requests.Of(1) with { StopStrings = [""] } },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Submit_InvalidRequest_IsTheCallersBug(string what, GenerationRequest request)
    {
        Assert.ThrowsAny<ArgumentException>(() => _engine.Submit(request));

        Assert.True(_engine.Status.Waiting == 0, $"'{what}' was admitted");
    }

    [Fact]
    public async Task Cancel_RunningSequence_EndsIt()
    {
        _engine.Start();
        Task end = _recorder.EndOf(1);
        _runner.BeforeRun = () => _engine.Cancel(1);

        _engine.Submit(Requests.Of(1, maxTokens: 200));
        await Within(end);

        Assert.Equal(FinishReason.Cancelled, _recorder.FinishOf(1));
        Assert.InRange(_recorder.IdsOf(1).Count, 0, 1);
    }

    [Fact]
    public async Task StopAsync_OpenSequences_AreToldThatTheEngineStops()
    {
        Task[] ends = [.. Enumerable.Range(1, 4).Select(id => _recorder.EndOf(id))];
        using var running = new ManualResetEventSlim();
        _runner.BeforeRun = running.Set;
        for (int id = 1; id <= 4; id++)
        {
            _engine.Submit(Requests.Of(id, promptLength: 1, maxTokens: 255));
        }

        _engine.Start();
        Assert.True(running.Wait(Limit), "the engine never ran");
        await _engine.StopAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.All(ends, end => Assert.True(end.IsCompleted));
        Assert.Equal(AdmissionOutcome.Draining, _engine.Submit(Requests.Of(9)));
        Assert.Equal(0, _engine.Status.Running + _engine.Status.Waiting);
        Assert.True(_runner.IsDisposed);
        Assert.False(_engine.Status.Faulted);
    }

    [Fact]
    public async Task DisposeAsync_NeverStarted_TellsTheWaitingAndDisposesTheRunner()
    {
        Task end = _recorder.EndOf(1);
        _engine.Submit(Requests.Of(1));

        await _engine.DisposeAsync();

        Assert.True(end.IsCompleted);
        Assert.True(_runner.IsDisposed);
    }

    [Fact]
    public async Task DisposeAsync_RunnerHangs_LeavesTheThreadBehindAtTheLimit()
    {
        using var hangs = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        _runner.BeforeRun = () =>
        {
            hangs.Set();
            release.Wait(Limit);
        };
        _engine.Submit(Requests.Of(1));
        _engine.Start();
        Assert.True(hangs.Wait(Limit), "the engine never ran");

        Task disposal = _engine.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        _time.Advance(_options.StallLimit);
        await Within(disposal);

        Assert.False(_runner.IsDisposed);
        Assert.Equal(1, _log.Critical);
        release.Set();
        await _engine.StopAsync(CancellationToken.None).WaitAsync(Limit);
    }

    [Fact]
    public async Task Step_RunnerBreaks_EngineIsFaultedAndTellsEverySequence()
    {
        Task[] ends = [_recorder.EndOf(1), _recorder.EndOf(2), _recorder.EndOf(3)];
        _runner.BeforeRun = () => throw new InvalidOperationException("test");
        for (int id = 1; id <= 3; id++)
        {
            _engine.Submit(Requests.Of(id));
        }

        _engine.Start();
        await Within(Task.WhenAll(ends));
        await _engine.StopAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(FinishReason.EngineStopping, _recorder.FinishOf(3));
        Assert.True(_engine.Status.Faulted);
        Assert.Equal(1, _log.Critical);
        Assert.Equal(AdmissionOutcome.Draining, _engine.Submit(Requests.Of(9)));
    }

    [Fact]
    public void Status_WorkWithoutAStepForTheLimit_IsStalled()
    {
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(_engine.Status.Stalled, "an idle engine is not stalled");

        _engine.Submit(Requests.Of(1));
        Assert.False(_engine.Status.Stalled, "the work has only just come");
        _time.Advance(_options.StallLimit + TimeSpan.FromSeconds(1));

        Assert.True(_engine.Status.Stalled);
        Assert.Equal(1, _engine.Status.Waiting);
    }

    [Fact]
    public async Task Status_AfterTheWork_CountsStepsAndNobody()
    {
        _engine.Start();
        Task end = _recorder.EndOf(1);
        _engine.Submit(Requests.Of(1, maxTokens: 5));
        await Within(end);
        await _engine.StopAsync(CancellationToken.None).WaitAsync(Limit);

        EngineStatus status = _engine.Status;

        Assert.Equal((0, 0, 2, 2, 256, 5), (status.Running, status.Waiting, status.Slots, status.QueueLimit, status.ContextLength, status.Steps));
    }

    private async Task Within(Task task)
    {
        Task first = await Task.WhenAny(task, Task.Delay(Limit));
        Assert.True(first == task, $"timed out: {_engine.Status}");
        await task;
    }

    /// <summary>Lets a test wait for the end of a sequence.</summary>
    private sealed class AwaitableRecorder : IStepObserver
    {
        private readonly Lock _recorded = new();
        private readonly StepRecorder _recorder = new();
        private readonly Dictionary<long, TaskCompletionSource> _ends = [];

        /// <summary>Armed before the request is submitted.</summary>
        public Task EndOf(long id) => (_ends[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public List<int> IdsOf(long id)
        {
            lock (_recorded)
            {
                return _recorder[id].Ids;
            }
        }

        public FinishReason? FinishOf(long id)
        {
            lock (_recorded)
            {
                return _recorder[id].Finish;
            }
        }

        public void OnStep(ReadOnlySpan<EmittedToken> tokens)
        {
            lock (_recorded)
            {
                _recorder.OnStep(tokens);
            }

            foreach (EmittedToken token in tokens)
            {
                if (token.Finish is not null && _ends.TryGetValue(token.SequenceId, out TaskCompletionSource? end))
                {
                    end.SetResult();
                }
            }
        }
    }

    private sealed class CountingLogger : ILogger<InferenceEngine>
    {
        public int Critical { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Critical += logLevel == LogLevel.Critical ? 1 : 0;
    }
}
