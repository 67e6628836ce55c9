using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Lifecycle;

/// <summary>Starts its observers stage by stage and stops those that were started in the reverse order.</summary>
internal sealed class SiloLifecycle : ISiloLifecycle
{
    private readonly Lock _subscriptionsLock = new();
    private readonly List<Subscription> _subscriptions = [];
    private int _highestStarted = int.MinValue;

    public int HighestCompletedStage { get; private set; } = int.MinValue;

    public int LowestStoppedStage { get; private set; } = int.MaxValue;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var subscription = new Subscription(this, stage, observer);
        lock (_subscriptionsLock)
        {
            _subscriptions.Add(subscription);
        }

        return subscription;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (IGrouping<int, Subscription> stage in Stages().OrderBy(stage => stage.Key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _highestStarted = stage.Key;
            await Task.WhenAll(stage.Select(subscription => subscription.Observer.OnStart(cancellationToken))).ConfigureAwait(false);
            HighestCompletedStage = stage.Key;
        }
    }

    /// <summary>Every stage is stopped, whatever the others do; the failures come together at the end.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        List<Exception> failures = [];
        foreach (IGrouping<int, Subscription> stage in Stages().Where(stage => stage.Key <= _highestStarted).OrderByDescending(s => s.Key))
        {
            foreach (Subscription subscription in stage)
            {
                try
                {
                    await subscription.Observer.OnStop(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception failure)
                {
                    failures.Add(failure);
                }
            }

            LowestStoppedStage = stage.Key;
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    private IGrouping<int, Subscription>[] Stages()
    {
        lock (_subscriptionsLock)
        {
            return [.. _subscriptions.GroupBy(subscription => subscription.Stage)];
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_subscriptionsLock)
        {
            _subscriptions.Remove(subscription);
        }
    }

    private sealed record Subscription(SiloLifecycle Owner, int Stage, ILifecycleObserver Observer) : IDisposable
    {
        public void Dispose() => Owner.Remove(this);
    }
}
