using System.Net;
using System.Security.Cryptography;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Membership;
using DeepSeekOrleans.Embedded.Messaging;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Client;

/// <summary>
/// A client as a node of its cluster: all its calls go through a gateway. Calls that need no order take the gateways in turn, so that one
/// that is made again does not wait in the same frozen gateway.
/// </summary>
internal sealed class ClientNode(ICluster cluster, NodeServices services, GatewayCount gateways)
    : Node(NewAddress(), cluster.Transport, services)
{
    private uint _turn;

    public GatewayCount Gateways => gateways;

    // Clients of several processes may start in the same second: the number that takes the port's place tells them apart.
    private static SiloAddress NewAddress() =>
        SiloAddress.New(IPAddress.Loopback, RandomNumberGenerator.GetInt32(1, 65_536), -SiloAddress.AllocateNewGeneration());

    public override GrainType GrainTypeOf(InterfaceModel model) =>
        cluster.GrainTypeOf(model.Type) ?? throw new ArgumentException($"Could not find an implementation for interface {model.Name}.");

    public override void Dispatch(Message message)
    {
        if (ObserverTable.IsObserver(message.Target))
        {
            DispatchToObserver(message);
            return;
        }

        SiloAddress[] reached = cluster.Gateways;
        if (reached.Length == 0)
        {
            Replies.Fail(message, new SiloUnavailableException("No gateway of the cluster is available."));
            return;
        }

        SiloAddress gateway = reached[PlaceOf(message) % reached.Length];
        NoteReceiver(message, gateway);
        if (!Send(gateway, Frames.Encode(message, Messaging.MaxMessageBodySize)))
        {
            Replies.Fail(message, new SiloUnavailableException($"The gateway {gateway} is not available."));
        }
    }

    // one-way messages keep their order, and a cancellation must not overtake its call
    private uint PlaceOf(Message message) =>
        message is { Kind: MessageKind.Request, Method.CancellationIndex: < 0 }
            ? Interlocked.Increment(ref _turn)
            : (uint)message.Target.GetHashCode();

    public void Close()
    {
        Pending.Break(null, call => new SiloUnavailableException($"This client has stopped during {call.Description}."));
        Pending.Dispose();
    }
}
