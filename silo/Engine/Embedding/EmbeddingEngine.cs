using System.Threading.Channels;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Engine.Embedding;

/// <summary>
/// Turns texts into embeddings, several at a time: collect for a short while, cut into batches of like length, run. A text that makes
/// the model fail fails alone. It owns the model and disposes it.
/// </summary>
public sealed partial class EmbeddingEngine : IAsyncDisposable
{
    /// <summary>Batches that one round holds at most, so that a late text waits for a bounded time.</summary>
    private const int BatchesPerRound = 4;

    private readonly IEmbeddingModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly EmbeddingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EmbeddingEngine> _logger;
    private readonly Channel<WaitingText> _waiting;
    private readonly CancellationTokenSource _stopping = new();
    private Task? _pump;
    private long _tokens;

    /// <param name="model">Used for one batch at a time; disposed when the engine ends.</param>
    public EmbeddingEngine(
        IEmbeddingModel model, Tokenizer tokenizer, EmbeddingOptions options, TimeProvider time, ILogger<EmbeddingEngine> logger)
    {
        _model = model;
        _tokenizer = tokenizer;
        _options = options;
        _time = time;
        _logger = logger;
        _waiting = Channel.CreateBounded<WaitingText>(new BoundedChannelOptions(options.MaxWaiting) { SingleReader = true });
    }

    public EmbeddingShape Shape => _model.Shape;

    /// <summary>Tokens computed since the start; any thread.</summary>
    public long TokensComputed => Volatile.Read(ref _tokens);

    /// <summary>Starts the work; once.</summary>
    public void Start()
    {
        if (_pump is not null)
        {
            throw new InvalidOperationException("the engine has been started before");
        }

        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Takes a text or refuses it, at once and from any thread. No text can spell a control token.</summary>
    /// <param name="embedding">
    /// Ends with the embedding; with a <see cref="ModelRunException"/> when the model fails on this text; cancelled when
    /// <paramref name="cancellationToken"/> is, or when the engine stops first.
    /// </param>
    /// <returns><see cref="AdmissionOutcome.NeverFits"/> for a text above <see cref="EmbeddingOptions.MaxTextLength"/>.</returns>
    public AdmissionOutcome Submit(string text, out Task<TextEmbedding> embedding, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        embedding = Task.FromCanceled<TextEmbedding>(new CancellationToken(canceled: true));
        if (text.Length > _options.MaxTextLength)
        {
            return AdmissionOutcome.NeverFits;
        }

        int[] ids = _tokenizer.EncodeWithSpecial(text, ControlTokens.AsText, Shape.MaxTokens, out bool truncated);
        WaitingText waiting = new(ids, truncated, cancellationToken);
        if (!_waiting.Writer.TryWrite(waiting))
        {
            waiting.Dispose();
            return _stopping.IsCancellationRequested ? AdmissionOutcome.Draining : AdmissionOutcome.QueueFull;
        }

        embedding = waiting.Result;
        return AdmissionOutcome.Admitted;
    }

    /// <summary>Ends after the batch in work; texts that still wait are cancelled.</summary>
    /// <param name="cancellationToken">Gives up waiting; the engine stops nevertheless.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _waiting.Writer.TryComplete();
        _pump ??= Task.Run(PumpAsync, CancellationToken.None);
        await _pump.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops. A run that hangs in native code is left behind after <see cref="EmbeddingOptions.StopLimit"/>, with its model.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(_options.StopLimit, _time);
        try
        {
            await StopAsync(patience.Token).ConfigureAwait(false);
            _stopping.Dispose();
        }
        catch (OperationCanceledException)
        {
            Log.RunAbandoned(_logger, _options.StopLimit);
        }
    }

    /// <summary>The boundary of the engine's own work: an exception that comes this far is a bug, and ends the engine.</summary>
    private async Task PumpAsync()
    {
        List<WaitingText> round = [];
        try
        {
            while (await CollectAsync(round).ConfigureAwait(false))
            {
                Compute(round);
                End(round);
            }
        }
        catch (Exception failure)
        {
            Log.EngineFaulted(_logger, failure);
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        _waiting.Writer.TryComplete();
        End(round);
        while (_waiting.Reader.TryRead(out WaitingText? late))
        {
            round.Add(late);
        }

        End(round);
        _model.Dispose();
    }

    /// <summary>Waits for a first text, then for company until the window closes or a batch is full. False when the engine stops.</summary>
    private async Task<bool> CollectAsync(List<WaitingText> round)
    {
        if (!await _waiting.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false) || _stopping.IsCancellationRequested)
        {
            return false;
        }

        using var window = new CancellationTokenSource(_options.BatchWindow, _time);
        Take(round);
        while (round.Count < _options.MaxBatch && _options.BatchWindow > TimeSpan.Zero)
        {
            try
            {
                if (!await _waiting.Reader.WaitToReadAsync(window.Token).ConfigureAwait(false))
                {
                    break;
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }

            Take(round);
        }

        return true;
    }

    private void Take(List<WaitingText> round)
    {
        while (round.Count < BatchesPerRound * _options.MaxBatch && _waiting.Reader.TryRead(out WaitingText? text))
        {
            if (text.IsOver)
            {
                text.Dispose();
            }
            else
            {
                round.Add(text);
            }
        }
    }

    private void Compute(List<WaitingText> round)
    {
        foreach (Range batch in BatchPlan.Cut(round, _options))
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            // who gave up while others were computed costs nothing more
            List<WaitingText> texts = [.. round.Take(batch).Where(text => !text.IsOver)];
            if (texts.Count > 0)
            {
                Run(texts);
            }
        }
    }

    /// <summary>Runs a batch; when it fails, each of its texts alone, so that only those fail that make the model fail.</summary>
    private void Run(List<WaitingText> texts)
    {
        int dimensions = Shape.Dimensions;
        float[] embeddings = new float[checked(texts.Count * dimensions)];
        try
        {
            _model.Embed([.. texts.Select(text => text.Ids)], embeddings);
        }
        catch (ModelRunException failure) when (texts.Count == 1)
        {
            Log.TextFailed(_logger, texts[0].Ids.Length, failure);
            texts[0].Fail(failure);
            return;
        }
        catch (ModelRunException)
        {
            texts.ForEach(text => Run([text]));
            return;
        }

        if (texts.Count > 1 && !AreFinite(embeddings))
        {
            // whatever a graph mixes, one text must not spoil its neighbours
            texts.ForEach(text => Run([text]));
            return;
        }

        for (int i = 0; i < texts.Count; i++)
        {
            Finish(texts[i], embeddings[(i * dimensions)..((i + 1) * dimensions)]);
        }
    }

    private void Finish(WaitingText text, float[] values)
    {
        if (AreFinite(values))
        {
            Interlocked.Add(ref _tokens, text.Ids.Length);
            text.Succeed(values);
        }
        else
        {
            ModelRunException failure = new("the embedding has a number that is not finite");
            Log.TextFailed(_logger, text.Ids.Length, failure);
            text.Fail(failure);
        }
    }

    private static bool AreFinite(float[] values) => Array.TrueForAll(values, float.IsFinite);

    private static void End(List<WaitingText> texts)
    {
        foreach (WaitingText text in texts)
        {
            text.Cancel();
            text.Dispose();
        }

        texts.Clear();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The model failed on a text of {Tokens} tokens")]
        public static partial void TextFailed(ILogger logger, int tokens, Exception failure);

        [LoggerMessage(Level = LogLevel.Critical, Message = "The embedding engine failed; what waits is cancelled")]
        public static partial void EngineFaulted(ILogger logger, Exception failure);

        [LoggerMessage(Level = LogLevel.Critical, Message = "The embedding run did not end within {Limit} and was left behind")]
        public static partial void RunAbandoned(ILogger logger, TimeSpan limit);
    }
}
