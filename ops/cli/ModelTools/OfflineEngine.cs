using System.Collections.Concurrent;
using System.Collections.Immutable;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Cli.ModelTools;

internal sealed record OfflineAnswer(int[] Ids, string Text, string FinishReason);

/// <summary>The cluster's engine without the cluster: one model in this process.</summary>
internal sealed class OfflineEngine : IStepObserver, IAsyncDisposable
{
    private readonly ModelLanguage _language;
    private readonly GenerateSettings _settings;
    private readonly InferenceEngine _engine;
    private readonly ConcurrentDictionary<long, OpenSequence> _open = new();
    private long _lastId;

    private OfflineEngine(ModelLanguage language, IModelRunner runner, GenerateSettings settings)
    {
        _language = language;
        _settings = settings;
        _engine = new InferenceEngine(
            runner, language.Tokenizer, this, new EngineOptions(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        _engine.Start();
    }

    /// <exception cref="ModelFormatException">The model is damaged.</exception>
    /// <exception cref="CliException">This machine cannot compute in that precision.</exception>
    public static OfflineEngine Load(string directory, GenerateSettings settings, CancellationToken cancellationToken)
    {
        Runnable.Require(settings.Precision);
        PreparedModel prepared = ModelConversion.Prepare(directory, ModelDirectory.CacheRoot, settings.Precision, progress: null, cancellationToken);
        IModelRunner runner = OnnxModel.Load(prepared.Directory, new OnnxRunnerOptions { Slots = settings.Concurrency });
        return new OfflineEngine(ModelLanguage.Load(prepared.Directory), runner, settings);
    }

    public int[] Encode(string prompt) => _language.Tokenizer.EncodeWithSpecial(prompt, ControlTokens.AsText);

    public async Task<OfflineAnswer> GenerateAsync(int[] promptIds, CancellationToken cancellationToken)
    {
        int room = _language.ContextLength - promptIds.Length;
        int unknown = Array.FindIndex(promptIds, id => id < 0 || id >= _language.Tokenizer.VocabularySize);
        if (unknown >= 0)
        {
            throw new CliException(ExitCode.WrongUsage, $"token id {promptIds[unknown]} is not in the vocabulary");
        }

        GenerationRequest request = new()
        {
            Id = Interlocked.Increment(ref _lastId),
            Tenant = "local",
            PromptIds = ImmutableArray.Create(promptIds),
            MaxTokens = Math.Max(1, Math.Min(_settings.MaxTokens, room)),
            Sampling = new SamplingParameters { Temperature = _settings.Temperature, Seed = _settings.Seed },
            StopTokenIds = _language.EndTokenIds,
        };
        OpenSequence sequence = _open.GetOrAdd(request.Id, _ => new OpenSequence());
        AdmissionOutcome outcome = _engine.Submit(request);
        if (outcome != AdmissionOutcome.Admitted)
        {
            throw new CliException(ExitCode.Failed, outcome == AdmissionOutcome.NeverFits
                ? $"a prompt of {promptIds.Length} tokens does not fit the context of {_language.ContextLength}"
                : $"the engine refused the prompt: {outcome}");
        }

        FinishReason finish = await sequence.Ended.WaitAsync(cancellationToken);
        return finish is FinishReason.Stop or FinishReason.Length
            ? new OfflineAnswer([.. sequence.Ids], _language.Tokenizer.Decode(sequence.Ids.ToArray(), skipSpecial: true), finish == FinishReason.Stop ? "stop" : "length")
            : throw new CliException(ExitCode.Failed, $"the model failed: {finish}");
    }

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        foreach (EmittedToken token in tokens)
        {
            if (_open.TryGetValue(token.SequenceId, out OpenSequence? sequence) && sequence.Add(token))
            {
                _open.TryRemove(token.SequenceId, out _);
            }
        }
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    private sealed class OpenSequence
    {
        private readonly TaskCompletionSource<FinishReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> Ids { get; } = [];

        public Task<FinishReason> Ended => _ended.Task;

        /// <summary>Returns true when the sequence has ended.</summary>
        public bool Add(EmittedToken token)
        {
            if (token.TokenId >= 0)
            {
                Ids.Add(token.TokenId);
            }

            return token.Finish is { } finish && _ended.TrySetResult(finish);
        }
    }
}
