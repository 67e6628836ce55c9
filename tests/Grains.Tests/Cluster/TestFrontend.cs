using System.Collections.Concurrent;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>A frontend that only listens: it joins deltas to streams, checks the numbering and applies the deadline for silent workers.</summary>
internal sealed class TestFrontend : ITokenObserver
{
    // longer than a product's frontend waits: a busy machine can keep a test's threads waiting for a second
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<long, HeardStream> _streams = [];
    private readonly ConcurrentDictionary<WorkerKey, Ear> _ears = [];

    public HeardStream Listen(long streamId) => _streams.GetOrAdd(streamId, _ => new HeardStream());

    public Task OnTokensAsync(TokenBatch batch)
    {
        if (EarFor(batch.Worker).Hear(batch) is { } inOrder)
        {
            foreach (StreamDelta delta in batch.Deltas)
            {
                Listen(delta.StreamId).Add(delta, inOrder);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Waits until the stream has ended, or its worker has been silent for the deadline.</summary>
    public async Task<StreamOutcome> EndAsync(long streamId, WorkerKey worker)
    {
        HeardStream stream = Listen(streamId);
        while (true)
        {
            // armed before the look at the stream, so that no message falls in between
            Task next = EarFor(worker).Next;
            if (stream.Finished.IsCompleted)
            {
                return await stream.OutcomeAsync(worker);
            }

            using var spoke = new CancellationTokenSource();
            Task silence = Task.Delay(Deadline, spoke.Token);
            if (await Task.WhenAny(stream.Finished, next, silence) == silence)
            {
                return await stream.OutcomeAsync(worker);
            }

            await spoke.CancelAsync();
        }
    }

    private Ear EarFor(WorkerKey worker) => _ears.GetOrAdd(worker, _ => new Ear());

    /// <summary>What has been heard from one worker.</summary>
    private sealed class Ear
    {
        private readonly Lock _hearing = new();
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private (long Epoch, long Number) _last;

        public Task Next
        {
            get
            {
                lock (_hearing)
                {
                    return _next.Task;
                }
            }
        }

        /// <summary>Whether the message is the next one; null when it has been heard before, because its answer was lost.</summary>
        public bool? Hear(TokenBatch batch)
        {
            lock (_hearing)
            {
                if (batch.Epoch == _last.Epoch && batch.Number <= _last.Number)
                {
                    return null;
                }

                bool inOrder = batch.Number == (batch.Epoch == _last.Epoch ? _last.Number + 1 : 1);
                _last = (batch.Epoch, batch.Number);
                _next.SetResult();
                _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return inOrder;
            }
        }
    }
}
