using System.Diagnostics;
using DeepSeekOrleans.Embedded.Invocation;

namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>
/// Runs the work of one activation on one thread at a time: tasks that its code has started or awaits, and items of its inbox.
/// An await inside a turn comes back here, because this is the current task scheduler of all that runs here.
/// </summary>
internal sealed class ActivationScheduler(GrainActivation activation) : TaskScheduler, IThreadPoolWorkItem
{
    // Then the thread goes to other activations that wait; as long as the official runtime's default.
    private static readonly TimeSpan Quantum = TimeSpan.FromMilliseconds(100);

    private static readonly Action<object?> DrainAction = static state => ((ActivationScheduler)state!).Drain();

    private readonly Lock _workLock = new();
    private readonly Queue<object> _work = new();
    private bool _isScheduled;
    private Task? _pump;

    public override int MaximumConcurrencyLevel => 1;

    /// <param name="item">A task of this scheduler, or something that the activation takes from its inbox.</param>
    public void Post(object item)
    {
        lock (_workLock)
        {
            _work.Enqueue(item);
            if (_isScheduled)
            {
                return;
            }

            _isScheduled = true;
        }

        // The local queue: the thread that posts usually ends its own work next, and takes this while it is still in the cache.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    void IThreadPoolWorkItem.Execute()
    {
        GrainActivation? outer = RuntimeContext.Current;
        RuntimeContext.Current = activation;
        _pump = new Task(DrainAction, this);
        _pump.Start(this);
        TryExecuteTask(_pump);
        RuntimeContext.Current = outer;
    }

    protected override void QueueTask(Task task)
    {
        // The pump itself is run by Execute, so that whatever it calls has this scheduler as its current one.
        if (!ReferenceEquals(task, _pump))
        {
            Post(task);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(RuntimeContext.Current, activation) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_workLock)
        {
            return [.. _work.OfType<Task>()];
        }
    }

    private void Drain()
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            object? item;
            lock (_workLock)
            {
                if (!_work.TryDequeue(out item))
                {
                    _isScheduled = false;
                    return;
                }
            }

            if (item is Task task)
            {
                TryExecuteTask(task);
            }
            else
            {
                activation.Take(item);
            }

            if (Stopwatch.GetElapsedTime(started) > Quantum)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
    }
}
