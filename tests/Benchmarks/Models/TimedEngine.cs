using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Benchmarks.Models;

/// <summary>An engine that remembers when each token came.</summary>
internal sealed class TimedEngine : IStepObserver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, TimedStream> _open = new();
    private readonly InferenceEngine _engine;
    private long _lastId;

    public TimedEngine(IModelRunner runner)
    {
        _engine = new InferenceEngine(
            runner, ModelText.Load(ModelDirectory.Demo.FullName).Tokenizer, this, new EngineOptions(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        _engine.Start();
    }

    /// <summary>Begins a greedy generation that ends only with its last token.</summary>
    public TimedStream Submit(int[] prompt, int newTokens)
    {
        GenerationRequest request = new()
        {
            Id = Interlocked.Increment(ref _lastId),
            Tenant = "benchmark",
            PromptIds = ImmutableArray.Create(prompt),
            MaxTokens = newTokens,
        };
        TimedStream stream = _open.GetOrAdd(request.Id, id => new TimedStream(id));
        AdmissionOutcome outcome = _engine.Submit(request);
        return outcome == AdmissionOutcome.Admitted ? stream : throw new InvalidOperationException($"refused: {outcome}");
    }

    public void Cancel(TimedStream stream) => _engine.Cancel(stream.Id);

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        long now = Stopwatch.GetTimestamp();
        foreach (EmittedToken token in tokens)
        {
            if (_open.TryGetValue(token.SequenceId, out TimedStream? stream))
            {
                stream.Add(token, now);
                if (token.Finish is not null)
                {
                    _open.TryRemove(token.SequenceId, out _);
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}
