using System.Collections.Concurrent;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>
/// Hands frames over by a call on the sender's thread: a receiver only decodes the header and queues the message, so there is
/// no queue of the transport's own that could grow or reorder.
/// </summary>
internal sealed class InProcessTransport : ITransport
{
    private readonly ConcurrentDictionary<SiloAddress, Node> _nodes = new();

    public void Attach(Node node)
    {
        _nodes[node.Address] = node;
        node.IsOpen = true;
    }

    /// <summary>From now on nothing reaches the node, and what it sends is lost: as if its process were gone.</summary>
    public void Detach(Node node)
    {
        node.IsOpen = false;
        _nodes.TryRemove(new(node.Address, node));
    }

    public void NotifyDeath(SiloAddress silo)
    {
        foreach (Node node in _nodes.Values)
        {
            node.OnSiloDied(silo);
        }
    }

    public bool Send(SiloAddress from, SiloAddress to, ReadOnlyMemory<byte> frame)
    {
        if (!_nodes.ContainsKey(from))
        {
            return true;
        }

        if (!_nodes.TryGetValue(to, out Node? receiver))
        {
            return false;
        }

        receiver.Receive(frame);
        return true;
    }
}
