using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Benchmarks.Path;

/// <summary>The workload given straight to an engine with the options that a silo uses.</summary>
internal sealed class BareEngine : IStepObserver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<int>> _open = new();
    private readonly ModelLanguage _language;
    private readonly InferenceEngine _engine;
    private long _lastId;

    private BareEngine(ModelLanguage language, IModelRunner runner)
    {
        _language = language;
        _engine = new InferenceEngine(
            runner, language.Tokenizer, this, new EngineOptions(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        _engine.Start();
    }

    public static BareEngine Load(string directory) =>
        new(ModelLanguage.Load(directory), OnnxModel.Load(directory, new OnnxRunnerOptions { Slots = Workload.Streams }));

    /// <summary>Returns the number of generated tokens.</summary>
    public async Task<int> RunAsync(int round)
    {
        int[] tokens = await Task.WhenAll(Enumerable.Range(0, Workload.Streams).Select(stream => RunStreamAsync(stream, round)));
        return tokens.Sum();
    }

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        foreach (EmittedToken token in tokens)
        {
            if (token.Finish is not null && _open.TryRemove(token.SequenceId, out TaskCompletionSource<int>? ended))
            {
                ended.SetResult(token.Index + (token.TokenId >= 0 ? 1 : 0));
            }
        }
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    private async Task<int> RunStreamAsync(int stream, int round)
    {
        int tokens = 0;
        for (int request = 0; request < Workload.RequestsPerStream; request++)
        {
            tokens += await GenerateAsync(Workload.Question(stream), Workload.Seed(stream, request, round));
        }

        return tokens;
    }

    private async Task<int> GenerateAsync(string question, int seed)
    {
        RenderedPrompt prompt = _language.Template!.Render(new ChatTemplateInput
        {
            Messages = JsonSerializer.SerializeToElement(new[] { new { role = "user", content = question } }),
            AddGenerationPrompt = true,
        });
        long id = Interlocked.Increment(ref _lastId);
        TaskCompletionSource<int> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = ended;
        AdmissionOutcome outcome = _engine.Submit(new GenerationRequest
        {
            Id = id,
            Tenant = "local",
            PromptIds = ImmutableArray.Create(prompt.Ids),
            MaxTokens = Workload.MaxTokens,
            StopTokenIds = _language.EndTokenIds,
            Sampling = new SamplingParameters { Temperature = Workload.Temperature, Seed = (ulong)seed },
        });
        return outcome == AdmissionOutcome.Admitted ? await ended.Task : throw new InvalidOperationException($"refused: {outcome}");
    }
}
