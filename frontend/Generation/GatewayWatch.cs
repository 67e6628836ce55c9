using Orleans;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// Hears from the cluster's client that a connection with a silo has closed, long before the other silos have voted it dead. The client
/// does not tell which one.
/// </summary>
internal sealed class GatewayWatch(TokenHub hub) : IClusterConnectionStatusObserver
{
    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways < previousNumberOfGateways)
        {
            hub.NoteSiloLost();
        }
    }

    /// <summary>The last connection has closed, which is told as a change of their number too.</summary>
    public void NotifyClusterConnectionLost()
    {
    }
}
