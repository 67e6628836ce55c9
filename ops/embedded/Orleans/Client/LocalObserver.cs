using DeepSeekOrleans.Embedded.Messaging;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Client;

/// <summary>One observer and the calls that wait for it: they run one after the other, on the thread pool.</summary>
internal sealed partial class LocalObserver(Node node, ILogger logger, object target) : IThreadPoolWorkItem
{
    private readonly WeakReference<object> _target = new(target);
    private readonly Queue<Message> _waiting = new();
    private bool _isRunning;

    public void Post(Message message)
    {
        lock (_waiting)
        {
            _waiting.Enqueue(message);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        while (Next() is { } message)
        {
            await RunAsync(message).ConfigureAwait(false);
        }
    }

    private Message? Next()
    {
        lock (_waiting)
        {
            _isRunning = _waiting.TryDequeue(out Message? message);
            return message;
        }
    }

    private async Task RunAsync(Message message)
    {
        try
        {
            if (!_target.TryGetTarget(out object? observer))
            {
                throw ObserverTable.Gone(message);
            }

            RequestContext.Import(message.Context);
            object?[] arguments = message.TakeArguments(node);
            object? result = await message.Method!.Returns.AwaitAsync(message.Method.Invoke(observer, arguments)).ConfigureAwait(false);
            node.Replies.Succeed(message, result);
        }
        catch (Exception failure)
        {
            if (message.Kind == MessageKind.OneWay)
            {
                Log.OneWayFailed(logger, message.Target, failure);
            }

            node.Replies.Fail(message, failure);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A one-way call to the observer {Observer} failed")]
        public static partial void OneWayFailed(ILogger logger, GrainId observer, Exception exception);
    }
}
