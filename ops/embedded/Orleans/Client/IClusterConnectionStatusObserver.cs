namespace Orleans;

/// <summary>Told of a client's connections with the gateways of its cluster; see <c>AddClusterConnectionStatusObserver</c>.</summary>
public interface IClusterConnectionStatusObserver
{
    /// <summary>A connection has been made or has closed.</summary>
    /// <param name="currentNumberOfGateways">How many there are now.</param>
    /// <param name="previousNumberOfGateways">How many there were before.</param>
    /// <param name="connectionRecovered">It is the first after there was none.</param>
    void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered);

    /// <summary>The last connection has closed.</summary>
    void NotifyClusterConnectionLost();
}
