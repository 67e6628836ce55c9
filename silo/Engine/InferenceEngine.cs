using System.Collections.Immutable;
using DeepSeekOrleans.Engine.Recovery;
using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Stepping;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Engine;

/// <summary>
/// Generates the sequences that are submitted to it, several at a time, on a thread of its own. It owns the runner and disposes it.
/// </summary>
public sealed partial class InferenceEngine : IAsyncDisposable
{
    private readonly Tokenizer _tokenizer;
    private readonly IStepObserver _observer;
    private readonly Inbox _inbox;
    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<InferenceEngine> _logger;
    private readonly WakeSignal _wake = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private long _lastStep;
    private volatile bool _stopping;
    private volatile bool _faulted;

    /// <param name="runner">Used from the engine's thread only; disposed when the engine ends.</param>
    /// <param name="tokenizer">Decodes the output of sequences with stop strings.</param>
    /// <param name="observer">Hears every token, on the engine's thread.</param>
    /// <exception cref="ArgumentException">The options ask for speculation, and the model does not allow it.</exception>
    public InferenceEngine(
        IModelRunner runner,
        Tokenizer tokenizer,
        IStepObserver observer,
        EngineOptions options,
        TimeProvider time,
        ILogger<InferenceEngine> logger)
    {
        _tokenizer = tokenizer;
        _observer = observer;
        _options = options;
        _time = time;
        _logger = logger;
        _lastStep = time.GetTimestamp();
        _budget = new RebuildBudget(options.MaxRebuilds, options.RebuildWindow, time);
        var core = new EngineCore(runner, tokenizer, observer, options, time, logger);
        _inbox = core.Inbox;
        _current = new EngineGeneration(runner, core);
    }

    /// <summary>
    /// Builds the runner anew, in the same shape, after one that broke or hangs, on a thread of the engine's. Without it a fault ends
    /// the engine.
    /// </summary>
    public Func<IModelRunner>? RunnerFactory { get; init; }

    /// <summary>Tokens in a block of what <see cref="PrefixesSince"/> tells.</summary>
    public int PrefixBlock => _options.PrefixBlock;

    /// <summary>What the engine is doing now; any thread.</summary>
    public EngineStatus Status
    {
        get
        {
            EngineCore core = _current.Core;
            int open = _inbox.OpenCount;
            int running = Math.Min(core.Running, open);
            bool rebuilding = Volatile.Read(ref _rebuildingSince) != 0;
            return new EngineStatus
            {
                Running = running,
                Waiting = open - running,
                Admitted = _inbox.Admitted,
                QueuedTokens = core.QueuedTokens,
                PrefillCost = core.PrefillCost,
                DecodeCost = core.DecodeCost,
                Slots = core.Shape.Slots,
                QueueLimit = _options.MaxWaiting,
                ContextLength = core.LongestSequence,
                ResidentTokens = core.Prefixes.Held,
                Preemptions = core.Preemptions,
                Steps = core.Steps,
                DraftedTokens = core.DraftedTokens,
                AcceptedTokens = core.AcceptedTokens,
                Stalled = HasStalled(rebuilding || RunnerFactory is null ? _options.StallLimit : WatchdogPatience * _options.StallLimit),
                NeedsRestart = _faulted || HasStalled(RestartPatience * _options.StallLimit),
                Rebuilding = rebuilding && !_faulted,
                Rebuilds = Volatile.Read(ref _rebuilds),
                Faulted = _faulted,
            };
        }
    }

    /// <summary>Starts the thread; once.</summary>
    public void Start()
    {
        if (_thread is not null)
        {
            throw new InvalidOperationException("the engine has been started before");
        }

        _thread = NewThread(_current);
        _thread.Start();
        StartWatchdog();
    }

    /// <summary>Takes a request or refuses it, at once and from any thread. Its tokens come through the step observer.</summary>
    /// <exception cref="ArgumentException">
    /// The caller has not validated it: a token outside the vocabulary, an empty prompt, no token to generate, or an id in use.
    /// </exception>
    public AdmissionOutcome Submit(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestValidation.ThrowIfInvalid(request, _current.Shape.Vocabulary);
        if ((long)request.PromptIds.Length + request.MaxTokens > _current.Core.LongestSequence)
        {
            return AdmissionOutcome.NeverFits;
        }

        AdmissionOutcome outcome = _inbox.Offer(request, _time.GetTimestamp());
        if (outcome == AdmissionOutcome.Admitted)
        {
            _wake.Set();
        }

        return outcome;
    }

    /// <summary>Ends a sequence within two steps; one that has ended already is left alone. Any thread.</summary>
    public void Cancel(long sequenceId)
    {
        if (_inbox.Cancel(sequenceId))
        {
            _wake.Set();
        }
    }

    /// <summary>
    /// The prefixes that slots hold and that changed after the change of that number: 0 for all; then the highest number that was
    /// told. Of a sequence that runs it tells what was known at its start and after its prompt. Any thread; it never waits for a step.
    /// </summary>
    public ImmutableArray<HeldPrefix> PrefixesSince(long change) => _current.Core.Catalog.Since(change);

    /// <summary>Ends the thread after its current step; every open sequence is told <see cref="FinishReason.EngineStopping"/>.</summary>
    /// <param name="cancellationToken">Gives up waiting; the engine stops nevertheless.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        _inbox.Close();
        _wake.Set();
        if (_thread is null && !_ended.Task.IsCompleted)
        {
            Finish(_current);
        }

        await _ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Stops. A thread that hangs in native code cannot be interrupted: after <see cref="EngineOptions.StallLimit"/> it is left
    /// behind, with its runner.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(_options.StallLimit, _time);
        try
        {
            await StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Log.ThreadAbandoned(_logger, _options.StallLimit);
        }
    }

    /// <summary>The whole of one thread: the steps of a generation and, when that breaks, those of the next.</summary>
    private void Run(EngineGeneration? generation)
    {
        while (generation is not null)
        {
            Exception? failure = StepUntilStopped(generation);
            generation = After(generation, failure);
        }
    }

    private Thread NewThread(EngineGeneration first) => new(() => Run(first)) { IsBackground = true, Name = "inference engine" };

    private Exception? StepUntilStopped(EngineGeneration generation)
    {
        try
        {
            EngineCore core = generation.Core;
            while (!_stopping && !core.IsSuspended && generation.WarmUpNext())
            {
                Volatile.Write(ref _lastStep, _time.GetTimestamp());
            }

            while (!_stopping && !core.IsSuspended)
            {
                bool more = core.Step();
                Volatile.Write(ref _lastStep, _time.GetTimestamp());
                if (!more && !core.IsSuspended)
                {
                    _wake.Wait();
                }
            }

            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private void Finish(EngineGeneration generation)
    {
        Guard(() => generation.Core.EndAll(FinishReason.EngineStopping));
        Guard(generation.DisposeRunner);
        _watchdog?.Dispose();
        _ended.TrySetResult();
    }

    /// <summary>The boundary of the thread: an exception that comes this far is a bug or a lost device, and ends the engine.</summary>
    private void Guard(Action phase)
    {
        try
        {
            phase();
        }
        catch (Exception failure)
        {
            Fault(failure);
        }
    }

    private void Fault(Exception failure)
    {
        _faulted = true;
        Log.EngineFaulted(_logger, _current.Core.Steps, failure);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "The engine failed after {Steps} steps; its sequences are told that it stops")]
        public static partial void EngineFaulted(ILogger logger, long steps, Exception failure);

        [LoggerMessage(Level = LogLevel.Critical, Message = "The engine's thread did not end within {Limit} and was left behind")]
        public static partial void ThreadAbandoned(ILogger logger, TimeSpan limit);
    }
}
