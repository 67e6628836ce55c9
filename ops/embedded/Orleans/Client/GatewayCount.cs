using Microsoft.Extensions.Logging;
using Orleans;

namespace DeepSeekOrleans.Embedded.Client;

/// <summary>Counts a client's connections with gateways, and tells each change.</summary>
internal sealed partial class GatewayCount(IClusterConnectionStatusObserver[] observers, ILogger logger)
{
    private int _count;

    public void Opened()
    {
        int now = Interlocked.Increment(ref _count);
        Tell(observer => observer.NotifyGatewayCountChanged(now, now - 1, now == 1));
    }

    public void Closed()
    {
        int now = Interlocked.Decrement(ref _count);
        if (now == 0)
        {
            Tell(observer => observer.NotifyClusterConnectionLost());
        }

        Tell(observer => observer.NotifyGatewayCountChanged(now, now + 1, false));
    }

    private void Tell(Action<IClusterConnectionStatusObserver> tell)
    {
        foreach (IClusterConnectionStatusObserver observer in observers)
        {
            try
            {
                tell(observer);
            }
            catch (Exception failure)
            {
                // The boundary to code of the host: what fails there must not cost the connections.
                Log.NotTold(logger, failure);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "An observer of the connections with the cluster has failed")]
        public static partial void NotTold(ILogger logger, Exception exception);
    }
}
