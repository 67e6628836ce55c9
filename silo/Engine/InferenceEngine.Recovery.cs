using DeepSeekOrleans.Engine.Recovery;
using DeepSeekOrleans.Engine.Stepping;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Engine;

/// <content>
/// A runner that breaks or hangs is replaced; the sequences stay open and go on. The thread of one that hangs cannot be interrupted:
/// it is left behind, and its core, which is suspended, lets it neither change nor emit anything.
/// </content>
public sealed partial class InferenceEngine
{
    // the watchdog looks ten times per limit, so a stall of one and a quarter limits is one that it could not end
    private const int LooksPerLimit = 10;
    private const double WatchdogPatience = 1.25;

    // 25 of the promised 30 seconds by default: a model that is loaded anew in time does not cost the process
    private const double RestartPatience = 2.5;

    private readonly RebuildBudget _budget;

    // guards that an engine which has been given up gets no further generation
    private readonly Lock _succession = new();
    private volatile EngineGeneration _current;
    private ITimer? _watchdog;
    private long _rebuildingSince;
    private int _rebuilds;

    private void StartWatchdog()
    {
        if (RunnerFactory is not null)
        {
            TimeSpan period = _options.StallLimit / LooksPerLimit;
            _watchdog = _time.CreateTimer(static engine => ((InferenceEngine)engine!).Watch(), this, period, period);
        }
    }

    private bool HasStalled(TimeSpan limit)
    {
        long quietSince = Math.Max(Volatile.Read(ref _lastStep), _inbox.BusySince);
        return _inbox.OpenCount > 0 && _time.GetElapsedTime(quietSince) > limit;
    }

    private void Watch() => Guard(() =>
    {
        EngineGeneration current = _current;
        long rebuildingSince = Volatile.Read(ref _rebuildingSince);
        if (_stopping || _faulted)
        {
            return;
        }

        if (rebuildingSince != 0)
        {
            GiveUpLateRebuild(current, rebuildingSince);
        }
        else if (HasStalled(_options.StallLimit) && TryBeginRebuild(current))
        {
            Log.EngineHangs(_logger, _options.StallLimit, current.Core.Steps);
            new Thread(() => Run(Rebuild(current))) { IsBackground = true, Name = "inference engine" }.Start();
        }
    });

    /// <summary>What a thread does when it does not step its generation any more; null when the thread ends.</summary>
    private EngineGeneration? After(EngineGeneration generation, Exception? failure)
    {
        bool canRebuild = failure is ModelRunException && RunnerFactory is not null && !_stopping;
        if (generation.Core.IsSuspended || (canRebuild && !TryBeginRebuild(generation)))
        {
            // left behind while it hung; whoever did that goes on, and may need the signal that this thread has taken
            DisposeBroken(generation);
            _wake.Set();
            return null;
        }

        if (canRebuild)
        {
            Log.EngineBroke(_logger, generation.Core.Steps, failure);
            DisposeBroken(generation);
            return Rebuild(generation);
        }

        if (failure is not null)
        {
            Fault(failure);
        }

        Finish(generation);
        return null;
    }

    /// <summary>What is broken may fail to let go, too: its memory is lost then, and the engine goes on.</summary>
    private void DisposeBroken(EngineGeneration broken)
    {
        try
        {
            broken.DisposeRunner();
        }
        catch (Exception failure)
        {
            Log.RunnerNotDisposed(_logger, failure);
        }
    }

    private bool TryBeginRebuild(EngineGeneration broken)
    {
        if (!broken.Core.TrySuspend())
        {
            return false;
        }

        Volatile.Write(ref _rebuildingSince, _time.GetTimestamp());
        _wake.Set();
        return true;
    }

    /// <summary>Builds the next generation, with a longer rest after each failure; null when the engine has ended instead.</summary>
    private EngineGeneration? Rebuild(EngineGeneration broken)
    {
        int failures = 0;
        while (!_stopping && !_faulted)
        {
            if (failures == _options.FaultLimit || !_budget.TrySpend())
            {
                Fault(new ModelRunException($"the engine has been built anew too often, or {failures} builds in a row have failed"));
                break;
            }

            try
            {
                EngineGeneration next = Build(broken);
                if (TryHandOver(broken, next))
                {
                    return next;
                }

                next.DisposeRunner();
            }
            catch (Exception failure)
            {
                // whatever a factory throws, about its files or its device, means that there is no runner
                failures++;
                Log.NotRebuilt(_logger, failures, failure);
                Rest(_options.RebuildBackoff * Math.Pow(2, failures - 1));
            }
        }

        EndWithoutRunner(broken);
        return null;
    }

    private EngineGeneration Build(EngineGeneration broken)
    {
        IModelRunner runner = RunnerFactory!();
        try
        {
            if (runner.Shape != broken.Shape)
            {
                throw new ModelRunException($"the new runner is {runner.Shape}, the old one was {broken.Shape}");
            }

            var next = new EngineGeneration(runner, new EngineCore(runner, _tokenizer, _observer, _options, _time, _logger) { Inbox = _inbox });
            next.Probe();
            return next;
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    private bool TryHandOver(EngineGeneration broken, EngineGeneration next)
    {
        lock (_succession)
        {
            if (_stopping || _faulted)
            {
                return false;
            }

            next.Core.Adopt(broken.Core);
            next.Core.Catalog.Succeed(broken.Core.Catalog);
            Volatile.Write(ref _lastStep, _time.GetTimestamp());
            _current = next;
            _rebuilds++;
            Volatile.Write(ref _rebuildingSince, 0);
        }

        Log.Rebuilt(_logger, _rebuilds, next.Core.Sequences.Count);
        return true;
    }

    private void GiveUpLateRebuild(EngineGeneration broken, long since)
    {
        var limit = new TimeoutException($"the engine was not built anew within {_options.RebuildLimit}");
        lock (_succession)
        {
            if (Volatile.Read(ref _rebuildingSince) != since || _time.GetElapsedTime(since) <= _options.RebuildLimit)
            {
                return;
            }

            Fault(limit);
        }

        broken.Core.EndAll(FinishReason.EngineStopping);
        _wake.Set();
    }

    private void EndWithoutRunner(EngineGeneration broken)
    {
        Guard(() => broken.Core.EndAll(FinishReason.EngineStopping));
        _watchdog?.Dispose();
        _ended.TrySetResult();
    }

    private void Rest(TimeSpan backoff)
    {
        long start = _time.GetTimestamp();
        using ITimer alarm = _time.CreateTimer(static wake => ((Scheduling.WakeSignal)wake!).Set(), _wake, backoff, Timeout.InfiniteTimeSpan);
        while (!_stopping && !_faulted && _time.GetElapsedTime(start) < backoff)
        {
            _wake.Wait();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The engine broke after {Steps} steps; it is built anew, and its sequences wait")]
        public static partial void EngineBroke(ILogger logger, long steps, Exception? failure);

        [LoggerMessage(Level = LogLevel.Error, Message = "The engine made no step for {Limit} after {Steps} steps; its thread is left behind, it is built anew, and its sequences wait")]
        public static partial void EngineHangs(ILogger logger, TimeSpan limit, long steps);

        [LoggerMessage(Level = LogLevel.Error, Message = "The engine could not be built anew, {Failures} times in a row")]
        public static partial void NotRebuilt(ILogger logger, int failures, Exception failure);

        [LoggerMessage(Level = LogLevel.Error, Message = "A broken runner could not be disposed; what it holds is lost")]
        public static partial void RunnerNotDisposed(ILogger logger, Exception failure);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The engine was built anew for the {Rebuilds}. time; {Sequences} sequences go on")]
        public static partial void Rebuilt(ILogger logger, int rebuilds, int sequences);
    }
}
