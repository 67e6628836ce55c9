using System.Collections.Immutable;
using System.Diagnostics;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Benchmarks.Speculation;

/// <summary>An engine that answers one request at a time.</summary>
internal sealed class LoneStream : IStepObserver, IAsyncDisposable
{
    private readonly InferenceEngine _engine;
    private readonly ModelLanguage _language;
    private readonly List<int> _tokens = [];
    private TaskCompletionSource _ended = new();
    private long _first;
    private long _last;
    private long _id;

    public LoneStream(PreparedModel model, string speculation)
    {
        _language = ModelLanguage.Load(model.Directory);
        IModelRunner runner = OnnxModel.Load(
            model.Directory, new OnnxRunnerOptions { Slots = 1, ContextLength = Math.Min(2048, _language.ContextLength), IntraOpThreads = EngineForm.Threads });
        _engine = new InferenceEngine(
            runner, _language.Tokenizer, this, new EngineOptions { Speculation = speculation }, TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        _engine.Start();
    }

    public EngineStatus Status => _engine.Status;

    public int[] Encode(string prompt) => _language.Tokenizer.EncodeWithSpecial(prompt, ControlTokens.Recognized);

    /// <summary>The answer, and the time from its first token to its last.</summary>
    public async Task<(int[] Tokens, TimeSpan Decoding)> AnswerAsync(int[] prompt, int maxTokens, SamplingParameters sampling)
    {
        _tokens.Clear();
        _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _engine.Submit(new GenerationRequest
        {
            Id = ++_id,
            Tenant = "benchmark",
            PromptIds = ImmutableArray.Create(prompt),
            MaxTokens = maxTokens,
            StopTokenIds = _language.EndTokenIds,
            Sampling = sampling,
        });
        await _ended.Task;
        return ([.. _tokens], Stopwatch.GetElapsedTime(_first, _last));
    }

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        _last = Stopwatch.GetTimestamp();
        foreach (EmittedToken token in tokens)
        {
            _first = token.Index == 0 ? _last : _first;
            if (token.TokenId >= 0)
            {
                _tokens.Add(token.TokenId);
            }

            if (token.Finish is not null)
            {
                _ended.TrySetResult();
            }
        }
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}
