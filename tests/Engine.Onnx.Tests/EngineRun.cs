using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>A real engine over the real demo model; answers are awaited by the sequence that asked.</summary>
internal sealed class EngineRun : IStepObserver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, Open> _open = new();
    private readonly InferenceEngine _engine;
    private long _lastId;
    private int _cachedTokens;

    private EngineRun(IModelRunner runner, EngineOptions options, TimeProvider time)
    {
        _engine = new InferenceEngine(runner, DemoModel.Language.Tokenizer, this, options, time, NullLogger<InferenceEngine>.Instance);
    }

    /// <param name="time">By default the machine's; on one that stands still the engine does not know what runs cost.</param>
    public static EngineRun Start(string modelDirectory, int slots, EngineOptions options, TimeProvider? time = null) =>
        Start(OnnxModel.Load(modelDirectory, new OnnxRunnerOptions { Slots = slots, IntraOpThreads = 1 }), options, time);

    /// <inheritdoc cref="Start(string, int, EngineOptions, TimeProvider)"/>
    public static EngineRun Start(IModelRunner runner, EngineOptions options, TimeProvider? time = null)
    {
        EngineRun run = new(runner, options, time ?? TimeProvider.System);
        run._engine.Start();
        return run;
    }

    /// <summary>Prompt tokens that were not computed again, of all sequences so far.</summary>
    public int CachedTokens => Volatile.Read(ref _cachedTokens);

    public EngineStatus Status => _engine.Status;

    public Task<int[]> GenerateAsync(GenerationRequest request) => Submit(request, cancelAfter: int.MaxValue);

    /// <summary>Starts a sequence that is cancelled as soon as it has that many tokens.</summary>
    public void GenerateAndCancel(GenerationRequest request, int afterTokens) => _ = Submit(request, afterTokens);

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        foreach (EmittedToken token in tokens)
        {
            Open open = _open[token.SequenceId];
            Interlocked.Add(ref _cachedTokens, token.CachedTokens);
            if (token.TokenId >= 0)
            {
                open.Tokens.Add(token.TokenId);
            }

            if (token.Finish is not null)
            {
                open.Ended.TrySetResult([.. open.Tokens]);
            }
            else if (open.Tokens.Count == open.CancelAfter)
            {
                _engine.Cancel(token.SequenceId);
            }
        }
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    private Task<int[]> Submit(GenerationRequest request, int cancelAfter)
    {
        long id = Interlocked.Increment(ref _lastId);
        Open open = _open.GetOrAdd(id, new Open(cancelAfter));
        Assert.Equal(AdmissionOutcome.Admitted, _engine.Submit(request with { Id = id }));
        return open.Ended.Task;
    }

    private sealed record Open(int CancelAfter)
    {
        public List<int> Tokens { get; } = [];

        public TaskCompletionSource<int[]> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
