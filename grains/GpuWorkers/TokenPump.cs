using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// Carries tokens from the engine's thread to the frontends, and beats while the engine is silent: a long prefill does not look
/// like a dead worker. Runs from <see cref="Start"/> to <see cref="StopAsync"/>, off the activation's scheduler.
/// </summary>
internal sealed partial class TokenPump(OpenStreams streams, GpuWorkerOptions options, TimeProvider time, ILogger logger)
{
    private readonly StepBuffer _buffer = new(options.MaxUnsentTokens);

    // at most one for each frontend
    private readonly List<Task> _underWay = [];
    private Task _run = Task.CompletedTask;

    /// <summary>Where the engine leaves its tokens.</summary>
    public IStepObserver Inlet => _buffer;

    /// <summary>Faulted when the pump has failed, which makes the worker unhealthy.</summary>
    public Task Completion => _run;

    /// <param name="cancel">Told which sequences nobody listens to any more.</param>
    /// <param name="sent">Called after each round, on the pump's thread.</param>
    public void Start(Action<long> cancel, Func<Task> sent) => _run = Task.Run(() => RunAsync(cancel, sent));

    /// <summary>Sends what streams have to say although the engine has emitted nothing.</summary>
    public void Wake() => _buffer.Signal();

    /// <summary>Ends all streams of an engine that makes no progress, to be continued by another worker.</summary>
    public void GiveUp() => _buffer.GiveUp(StreamFinish.WorkerStalled);

    /// <summary>Sends what has arrived so far and ends. The engine must be silent by now.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _buffer.Complete();
        return _run.WaitAsync(cancellationToken);
    }

    private async Task RunAsync(Action<long> cancel, Func<Task> sent)
    {
        using ITimer beat = time.CreateTimer(
            static buffer => ((StepBuffer)buffer!).RequestBeat(), _buffer, options.BeatInterval, options.BeatInterval);

        while (await _buffer.WaitAsync(CancellationToken.None))
        {
            StepBuffer.Arrivals arrivals = _buffer.Take();
            streams.Hear(arrivals.Tokens);
            if (arrivals.GivenUp is { } finish)
            {
                GiveUpAll(finish, cancel);
            }

            await ForgetArrivedAsync();
            Send(arrivals.BeatDue, cancel);
            await sent();
            await PauseAsync();
        }

        await FlushAsync(cancel);
    }

    /// <summary>Lets fast steps come together; while the pump does not wait for them, a step costs the engine's thread no wake-up.</summary>
    private Task PauseAsync() => options.MessageInterval > TimeSpan.Zero ? Task.Delay(options.MessageInterval, time) : Task.CompletedTask;

    private void GiveUpAll(StreamFinish finish, Action<long> cancel)
    {
        long[] sequences = streams.GiveUpAll(finish);
        if (sequences.Length > 0)
        {
            Log.GivenUp(logger, sequences.Length);
            Array.ForEach(sequences, cancel);
        }
    }

    private void Send(bool beat, Action<long> cancel) =>
        _underWay.AddRange(streams.TakeDue(beat).Select(outgoing => SendAsync(outgoing, cancel)));

    private async Task ForgetArrivedAsync()
    {
        for (int i = _underWay.Count - 1; i >= 0; i--)
        {
            if (_underWay[i].IsCompleted)
            {
                await _underWay[i];
                _underWay.RemoveAt(i);
            }
        }
    }

    /// <summary>Sends what is left: the words of an engine that has stopped.</summary>
    private async Task FlushAsync(Action<long> cancel)
    {
        do
        {
            await Task.WhenAll(_underWay);
            _underWay.Clear();
            Send(beat: false, cancel);
        }
        while (_underWay.Count > 0);
    }

    private async Task SendAsync(OutgoingBatch outgoing, Action<long> cancel)
    {
        try
        {
            await DeliverAsync(outgoing);
            streams.Arrived(outgoing.Frontend);
        }
        catch (Exception e)
        {
            // the boundary to another process: whatever went wrong there ends the streams of that frontend and no others
            long[] orphans = streams.Forget(outgoing.Frontend);
            Log.FrontendLost(logger, e, orphans.Length);
            Array.ForEach(orphans, cancel);
        }

        _buffer.Signal();
    }

    /// <summary>
    /// Sends until an answer comes, whichever message it belongs to. An answer can be lost with the gateway of a silo that dies, while
    /// worker and frontend both live; a frontend drops a message whose number it has already heard. A wait counts for no more than it was
    /// to take: a worker that was stopped itself, with the answer on its way, does not take its frontend for dead.
    /// </summary>
    /// <exception cref="TimeoutException">No answer came within the limit.</exception>
    private async Task DeliverAsync(OutgoingBatch outgoing)
    {
        Task answer = outgoing.Frontend.Observer.OnTokensAsync(outgoing.Batch);
        TimeSpan left = options.FrontendLimit;
        while (true)
        {
            // the wait and the answer can both be over by the time that this thread looks; the answer is what counts
            TimeSpan wait = left < options.ResendInterval ? left : options.ResendInterval;
            await answer.WaitAsync(wait, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            bool timedOut = answer.Exception?.InnerException is TimeoutException;
            if (answer.IsCompleted && !timedOut)
            {
                await answer;
                return;
            }

            left -= wait;
            if (left <= TimeSpan.Zero)
            {
                throw new TimeoutException($"no answer to message {outgoing.Batch.Number} within {options.FrontendLimit}");
            }

            Log.Resent(logger, outgoing.Batch.Number);
            Task again = outgoing.Frontend.Observer.OnTokensAsync(outgoing.Batch);
            answer = timedOut ? again : Task.WhenAny(answer, again).Unwrap();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Streams} streams were given up, because the engine or the pump did not keep pace")]
        public static partial void GivenUp(ILogger logger, int streams);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Message {Number} was not answered in time and is sent again")]
        public static partial void Resent(ILogger logger, long number);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A frontend could not be reached; {Streams} of its streams were cancelled")]
        public static partial void FrontendLost(ILogger logger, Exception exception, int streams);
    }
}
