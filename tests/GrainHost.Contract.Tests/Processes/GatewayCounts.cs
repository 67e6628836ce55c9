using System.Collections.Concurrent;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Processes;

/// <summary>Notes what a client tells of its connections.</summary>
internal sealed class GatewayCounts : IClusterConnectionStatusObserver
{
    private readonly ConcurrentQueue<(int Now, int Before)> _changes = new();

    public (int Now, int Before)[] Changes => [.. _changes];

    public bool IsCutOff { get; private set; }

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
        _changes.Enqueue((currentNumberOfGateways, previousNumberOfGateways));

    public void NotifyClusterConnectionLost() => IsCutOff = true;
}
