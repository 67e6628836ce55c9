using System.Collections.Frozen;
using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Directory;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Membership;
using DeepSeekOrleans.Embedded.Messaging;
using DeepSeekOrleans.Embedded.Placement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>A silo as a node of its cluster: it finds the way of each message.</summary>
internal sealed class SiloNode : Node
{
    private readonly ICluster _cluster;
    private readonly PlacementService _placement;
    private readonly Gateway _gateway;
    private readonly SiloMessagingOptions _messaging;

    public SiloNode(SiloAddress address, ICluster cluster, IServiceProvider services, NodeServices nodeServices)
        : base(address, cluster.Transport, nodeServices)
    {
        _cluster = cluster;
        _messaging = (SiloMessagingOptions)nodeServices.Messaging;
        Services = services;
        Logger = nodeServices.Logger;
        Collection = services.GetRequiredService<IOptions<GrainCollectionOptions>>().Value;
        HasGateway = services.GetRequiredService<IOptions<EndpointOptions>>().Value.GatewayPort != 0;
        GrainClasses = ApplicationParts.Current.GrainClasses.ToFrozenDictionary();
        Catalog = new Catalog(this);
        Invoker = new Invoker(this, [.. services.GetServices<IIncomingGrainCallFilter>()]);
        _placement = new PlacementService(this, cluster);
        _gateway = new Gateway(this);
    }

    public IServiceProvider Services { get; }

    public ILogger Logger { get; }

    public GrainCollectionOptions Collection { get; }

    public int MaxEnqueuedRequests => _messaging.MaxEnqueuedRequestsHardLimit;

    public bool HasGateway { get; }

    public FrozenDictionary<GrainType, Type> GrainClasses { get; }

    public Catalog Catalog { get; }

    public Invoker Invoker { get; }

    public IGrainDirectory Directory => _cluster.Directory;

    /// <summary>Null when this silo has no class with the interface.</summary>
    public GrainType? GrainTypeOf(Type interfaceType)
    {
        KeyValuePair<GrainType, Type>[] classes = [.. GrainClasses.Where(entry => interfaceType.IsAssignableFrom(entry.Value))];
        return classes.Length switch
        {
            0 => null,
            1 => classes[0].Key,
            _ => throw new ArgumentException(
                $"The grain interface {interfaceType} is implemented by more than one class: {string.Join(", ", classes.Select(entry => entry.Value))}."),
        };
    }

    public override GrainType GrainTypeOf(InterfaceModel model) =>
        GrainTypeOf(model.Type) ?? _cluster.GrainTypeOf(model.Type)
        ?? throw new ArgumentException($"Could not find an implementation for interface {model.Name}.");

    public override void Dispatch(Message message)
    {
        if (ObserverTable.IsObserver(message.Target))
        {
            DispatchToObserver(message);
        }
        else if (_placement.TryJoin(message))
        {
            // Even when the activation is there already: calls that wait for its place came first.
            return;
        }
        else if (Catalog.Find(message.Target) is { } activation)
        {
            Deliver(activation, message);
        }
        else
        {
            DispatchByDirectory(message);
        }
    }

    /// <summary>Sends on a message whose activation has ended.</summary>
    public void Reroute(Message message)
    {
        message.IsPlaced = false;
        if (message.Forwards++ >= _messaging.MaxForwardCount)
        {
            Replies.Fail(message, new OrleansMessageRejectionException($"{message.Target} was not found after {message.Forwards - 1} forwards."));
            return;
        }

        Dispatch(message);
    }

    public void SendPlaced(Message message, SiloAddress receiver)
    {
        message.IsPlaced = true;
        if (receiver.Equals(Address))
        {
            ReceivePlaced(message);
        }
        else
        {
            SendRemote(message, receiver);
        }
    }

    public override void OnSiloDied(SiloAddress silo)
    {
        base.OnSiloDied(silo);
        _gateway.OnSiloDied(silo);
    }

    /// <summary>Ends everything at once, as a crash does.</summary>
    public void Kill()
    {
        Catalog.KillAll();
        Close();
    }

    public void Close()
    {
        Pending.Break(null, call => new SiloUnavailableException($"This silo has stopped during {call.Description}."));
        Pending.Dispose();
    }

    protected override void ReceiveMessage(Message message)
    {
        if (message.IsPlaced)
        {
            ReceivePlaced(message);
        }
        else if (IsRightlyHere(message))
        {
            Dispatch(message);
        }
        else
        {
            Reroute(message);
        }
    }

    protected override void RelayReply(SiloAddress receiver, long id, ReadOnlyMemory<byte> frame)
    {
        _gateway.Forget(receiver, id);
        Send(receiver, frame);
    }

    /// <summary>A client may ask any gateway; a silo asks the one that it believes to hold the grain.</summary>
    private bool IsRightlyHere(Message message) =>
        (message.Sender.IsClient && message.Via is null)
        || ObserverTable.IsObserver(message.Target)
        || Catalog.Find(message.Target) is not null;

    private void ReceivePlaced(Message message)
    {
        bool isActive = _placement.LocalSiloStatus == SiloStatus.Active;
        if (Catalog.Find(message.Target) is { } existing)
        {
            Deliver(existing, message);
        }
        else if (isActive)
        {
            Deliver(Catalog.GetOrCreate(message.Target), message);
        }
        else
        {
            Reroute(message);
        }
    }

    private void Deliver(GrainActivation activation, Message message)
    {
        NoteReceiver(message, Address);
        message.Detach();
        activation.Post(message);
    }

    private void DispatchByDirectory(Message message)
    {
        // What another silo has sent on must not be sent by hearsay again: two outdated memories would play it back and forth.
        SiloAddress? holder = message.Forwards == 0 ? Directory.Find(message.Target)?.SiloAddress : null;
        if (holder is not null && !holder.Equals(Address))
        {
            SendRemote(message, holder);
        }
        else
        {
            _placement.Begin(message);
        }
    }

    public void SendRemote(Message message, SiloAddress receiver)
    {
        NoteReceiver(message, receiver);
        _gateway.Track(message, receiver);
        byte[] frame = Frames.Encode(message, Messaging.MaxMessageBodySize);
        if (!Send(receiver, frame))
        {
            Replies.Fail(message, new SiloUnavailableException($"The silo {receiver} is not available for {message.Target}."));
        }
    }
}
