using System.Collections.Concurrent;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Tests.Fakes;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>Real engines over a small deterministic model, for all silos of a test, and a gate before each run of a model.</summary>
internal sealed class EngineRoom : IDisposable
{
    private const int ContextLength = 2048;

    private readonly ConcurrentDictionary<WorkerKey, string> _builders = [];
    private volatile ManualResetEventSlim _gate = new(initialState: true);
    private readonly Tokenizer _tokenizer = ModelLanguage.Load(Repository.DemoModel).Tokenizer;
    private int _runnersBuilt;
    private long _tokensComputed;
    private TimeSpan _wait = Timeout.InfiniteTimeSpan;

    public int Slots { get; init; } = 16;

    public int Vocabulary { get; init; } = 97;

    public int MaxWaiting { get; init; } = 256;

    public int MaxRebuilds { get; init; } = 20;

    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Called for each runner that a silo's worker gets, with the silo's name; may throw in place of a factory.</summary>
    public Action<string, FakeRunner> Prepare { get; init; } = (_, _) => { };

    /// <summary>Runners that workers have got, the first of each included.</summary>
    public int RunnersBuilt => Volatile.Read(ref _runnersBuilt);

    /// <summary>Rows of logits that all workers have computed for sequences: for prompts of one chunk, as many as tokens.</summary>
    public long TokensComputed => Interlocked.Read(ref _tokensComputed);

    /// <summary>Each worker that has been built, and the silo that built it.</summary>
    public IReadOnlyDictionary<WorkerKey, string> Builders => _builders;

    /// <summary>Stops every engine before its next run.</summary>
    public void Hold() => _gate.Reset();

    /// <summary>Makes every run take this long at least, and lets go one that is held.</summary>
    public void SlowDown(TimeSpan run)
    {
        ManualResetEventSlim before = _gate;
        _wait = run;
        _gate = new ManualResetEventSlim(initialState: false);
        before.Set();
    }

    public void Release() => _gate.Set();

    /// <summary>The source that one silo registers.</summary>
    public IWorkerEngineSource SourceFor(string silo) => new Source(this, silo);

    /// <summary>An engine that belongs to no silo.</summary>
    public InferenceEngine Build(IStepObserver observer) => Build(observer, NewRunner);

    /// <summary>The tokens of one order on an engine of its own.</summary>
    public async Task<int[]> RunAloneAsync(GenerationOrder order)
    {
        var recorder = new AloneRecorder();
        await using InferenceEngine engine = Build(recorder);
        engine.Start();
        engine.Submit(order.ToRequest(sequenceId: 1));
        return await recorder.Ended.WaitAsync(TimeSpan.FromSeconds(10));
    }

    public void Dispose() => _gate.Dispose();

    private InferenceEngine Build(IStepObserver observer, Func<FakeRunner> newRunner)
    {
        var options = new EngineOptions { MaxWaiting = MaxWaiting, MaxRebuilds = MaxRebuilds, StallLimit = StallLimit };
        return new InferenceEngine(newRunner(), _tokenizer, observer, options, TimeProvider.System, NullLogger<InferenceEngine>.Instance)
        {
            RunnerFactory = newRunner,
        };
    }

    private FakeRunner NewRunner() =>
        new(FakeRunner.ShapeOf(Slots, Vocabulary, ContextLength)) { BeforeRun = () => _gate.Wait(_wait) };

    private FakeRunner NewRunnerFor(string silo)
    {
        FakeRunner runner = NewRunner();
        Prepare(silo, runner);
        FakeRunner.RowFault? fault = runner.Fault;
        runner.Fault = (history, logits) =>
        {
            // the runs that warm an engine up hold nothing but zeros
            if (history.ContainsAnyExcept(0))
            {
                Interlocked.Increment(ref _tokensComputed);
            }

            fault?.Invoke(history, logits);
        };
        Interlocked.Increment(ref _runnersBuilt);
        return runner;
    }

    private sealed class AloneRecorder : IStepObserver
    {
        private readonly TaskCompletionSource<int[]> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<int> _tokens = [];

        public Task<int[]> Ended => _ended.Task;

        public void OnStep(ReadOnlySpan<EmittedToken> tokens)
        {
            foreach (EmittedToken token in tokens)
            {
                _tokens.Add(token.TokenId);
                if (token.Finish is not null)
                {
                    _ended.SetResult([.. _tokens]);
                }
            }
        }
    }

    private sealed class Source(EngineRoom room, string silo) : IWorkerEngineSource
    {
        public Task<WorkerEngine> CreateAsync(WorkerKey worker, IStepObserver observer, CancellationToken cancellationToken)
        {
            room._builders[worker] = silo;
            return Task.FromResult(new WorkerEngine(room.Build(observer, () => room.NewRunnerFor(silo)), new ServedForm("v1", "fp32", "cpu")));
        }
    }
}
