using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// A worker's engine with its streams, its pump and its reports, from loading to the end. Any thread may use it: the grain starts
/// and cancels streams, one activation after the other, and the silo stops it before it closes its gateway.
/// </summary>
internal sealed partial class ServingEngine : IDisposable
{
    // how often a worker that lets its streams finish looks whether they have, or whether somebody else could take them by now
    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(100);

    private readonly WorkerKey _worker;
    private readonly GpuWorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OpenStreams _streams;
    private readonly TokenPump _pump;
    private readonly WorkerReporter _reporter;

    // guards _load and _stop, and that no engine starts after the stop
    private readonly Lock _stopping = new();
    private readonly CancellationTokenSource _stopLoading = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile InferenceEngine? _engine;
    private Task? _load;
    private Task _reporting = Task.CompletedTask;
    private Task? _stop;

    public ServingEngine(WorkerReporter reporter, GpuWorkerOptions options, TimeProvider time, ILogger logger)
    {
        _worker = reporter.Worker;
        _options = options;
        _time = time;
        _logger = logger;
        _reporter = reporter;
        _streams = new OpenStreams(_worker, options, time);
        _pump = new TokenPump(_streams, options, time, logger);
    }

    public TableSizes Tables => _streams.Sizes;

    public WorkerStatus Status => _reporter.Status();

    /// <summary>
    /// Loads the engine if it is not loaded yet, starts it and tells the router, unless the silo has begun to stop meanwhile. A load that
    /// failed is tried again by the next caller.
    /// </summary>
    public Task LoadAsync(IWorkerEngineSource source)
    {
        lock (_stopping)
        {
            if (_load is null or { IsFaulted: true } or { IsCanceled: true })
            {
                // off the activation's scheduler: loading blocks, and calls that come meanwhile are to be answered
                _load = Task.Run(() => LoadOnceAsync(source));
            }

            return _load;
        }
    }

    public async Task<StartReply> StartAsync(Attempt attempt, GenerationOrder order, ITokenObserver observer)
    {
        if (_engine is not { } engine || Status.State != WorkerState.Ready)
        {
            return StartReply.Draining;
        }

        StartReply reply = Submit(engine, attempt, order, observer);
        await _reporter.ReportIfRoomChangedAsync();
        return reply;
    }

    public void Cancel(Attempt attempt)
    {
        if (_streams.TryFence(attempt, out long sequenceId))
        {
            _engine?.Cancel(sequenceId);
        }
    }

    /// <summary>Takes no new work and tells every open stream that the worker stops; once, whoever calls it.</summary>
    /// <param name="letFinish">Streams that no other worker can take up are first computed to their end, up to <see cref="GpuWorkerOptions.DrainLimit"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; the engine stops nevertheless.</param>
    public Task StopAsync(bool letFinish, CancellationToken cancellationToken)
    {
        lock (_stopping)
        {
            _stop ??= Task.Run(() => StopOnceAsync(letFinish), CancellationToken.None);
        }

        return _stop.WaitAsync(cancellationToken);
    }

    public void Dispose() => _stopLoading.Dispose();

    private async Task LoadOnceAsync(IWorkerEngineSource source)
    {
        Log.Loading(_logger, _worker);
        long start = _time.GetTimestamp();
        WorkerEngine loaded = await source.CreateAsync(_worker, _pump.Inlet, _stopLoading.Token);
        if (!TryStart(loaded))
        {
            await loaded.Engine.DisposeAsync();
            return;
        }

        _reporter.Loaded(loaded);
        await _reporter.ReportAsync();
        _reporting = ReportUntilStoppedAsync();
        double seconds = _time.GetElapsedTime(start).TotalSeconds;
        Log.Loaded(_logger, _worker, seconds);
    }

    // not a timer of the grain: the router would forget a worker whose grain is between two activations
    private async Task ReportUntilStoppedAsync()
    {
        while (await Task.WhenAny(_stopped.Task, Task.Delay(_options.ReportInterval, _time)) != _stopped.Task)
        {
            try
            {
                await ReportAsync();
            }
            catch (Exception e)
            {
                // the boundary of the reports: whatever went wrong with one, the next one may arrive
                Log.ReportFailed(_logger, e, _worker);
            }
        }
    }

    // gives the streams of an engine up that makes no progress any more
    private async Task ReportAsync()
    {
        if (_pump.Completion is { IsFaulted: true, Exception: { } failure } && _reporter.Failed())
        {
            Log.PumpFailed(_logger, failure, _worker);
        }

        WorkerStatus status = await _reporter.ReportAsync();
        if (status.State == WorkerState.Unhealthy)
        {
            _pump.GiveUp();
        }

        // last, because the router's answer is awaited: a worker that fails has said so by then
        await _reporter.ReportPrefixesAsync();
    }

    private bool TryStart(WorkerEngine loaded)
    {
        lock (_stopping)
        {
            if (_stop is not null)
            {
                return false;
            }

            _streams.Serve(loaded.Model);
            loaded.Engine.Start();
            _pump.Start(loaded.Engine.Cancel, _reporter.ReportIfRoomChangedAsync);
            _engine = loaded.Engine;
            return true;
        }
    }

    private async Task StopOnceAsync(bool letFinish)
    {
        _reporter.Draining();
        await _stopLoading.CancelAsync();
        await _reporter.ReportAsync();
        try
        {
            if (_engine is { } engine)
            {
                await (letFinish ? LetFinishAsync(engine) : Task.CompletedTask);
                await engine.DisposeAsync();
            }
        }
        finally
        {
            _stopped.SetResult();
            await _reporting;

            // after the engine, which has told every open sequence that it stops
            await _pump.StopAsync(CancellationToken.None);
        }
    }

    private async Task LetFinishAsync(InferenceEngine engine)
    {
        long begin = _time.GetTimestamp();
        while (engine.Status is { Faulted: false, Stalled: false, Running: var running, Waiting: var waiting } && running + waiting > 0
            && _time.GetElapsedTime(begin) < _options.DrainLimit && !await _reporter.HasSuccessorAsync())
        {
            await Task.Delay(DrainInterval, _time);
        }
    }

    private StartReply Submit(InferenceEngine engine, Attempt attempt, GenerationOrder order, ITokenObserver observer)
    {
        // by construction a key holds its tenant; an order that says otherwise shares nothing
        AnswerKey? answer = order.AnswerKey?.Tenant.Value == order.Tenant ? order.AnswerKey : null;
        Opening opening = _streams.Open(attempt, observer, order.EmittedIds, answer);
        if (opening.IsRefused)
        {
            return StartReply.Superseded;
        }

        if (opening.Replaced is { } replaced)
        {
            engine.Cancel(replaced);
        }

        if (opening.IsJoined)
        {
            // what it has missed goes out at once
            _pump.Wake();
            return StartReply.Joined;
        }

        var reply = StartReply.Draining;
        try
        {
            reply = engine.Submit(order.ToRequest(opening.SequenceId)).ToStartReply();
            return reply;
        }
        finally
        {
            // refused, or thrown out as an order that no frontend may send
            if (reply != StartReply.Admitted)
            {
                _streams.Withdraw(opening.SequenceId);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} loads its model")]
        public static partial void Loading(ILogger logger, WorkerKey worker);

        [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} was ready after {Seconds:F1} s")]
        public static partial void Loaded(ILogger logger, WorkerKey worker, double seconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A report of worker {Worker} failed")]
        public static partial void ReportFailed(ILogger logger, Exception exception, WorkerKey worker);

        [LoggerMessage(Level = LogLevel.Critical, Message = "The token pump of worker {Worker} failed; the worker takes no more work")]
        public static partial void PumpFailed(ILogger logger, Exception failure, WorkerKey worker);
    }
}
