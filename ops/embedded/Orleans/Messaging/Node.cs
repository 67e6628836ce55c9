using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Serialization;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>A silo or a client as a place that sends and receives messages.</summary>
internal abstract partial class Node : IReferenceFactory
{
    private readonly ILogger _logger;

    protected Node(SiloAddress address, ITransport transport, NodeServices services)
    {
        Address = address;
        Transport = transport;
        Time = services.Time;
        Messaging = services.Messaging;
        _logger = services.Logger;
        Pending = new CallTable(services.Time);
        Calls = new CallSender(this, services.OutgoingFilters);
        Replies = new ReplySender(this);
        Observers = new ObserverTable(this, services.Logger);
        Pending.TimedOut = Calls.OnTimedOut;
    }

    public SiloAddress Address { get; }

    /// <summary>Connected to its cluster; set by the transport.</summary>
    public bool IsOpen { get; set; }

    public TimeProvider Time { get; }

    public MessagingOptions Messaging { get; }

    public CallTable Pending { get; }

    public CallSender Calls { get; }

    public ReplySender Replies { get; }

    public ObserverTable Observers { get; }

    protected ITransport Transport { get; }

    public GrainReference CreateReference(GrainId id, Type interfaceType) => InterfaceModel.Of(interfaceType).Prototype.Bind(id, this);

    /// <summary>Sends a message towards its target, or delivers it when the target is here.</summary>
    public abstract void Dispatch(Message message);

    /// <summary>The class that implements a grain interface somewhere in the cluster.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public abstract GrainType GrainTypeOf(InterfaceModel model);

    /// <summary>Called by the transport, on the sender's thread.</summary>
    public void Receive(ReadOnlyMemory<byte> frame)
    {
        try
        {
            if (Frames.KindOf(frame) == MessageKind.Reply)
            {
                ReceiveReply(frame);
            }
            else
            {
                ReceiveOrRefuse(Frames.Decode(frame));
            }
        }
        catch (Exception damaged)
        {
            // The boundary of this node: what a frame holds may not harm its sender's thread.
            Log.FrameRefused(_logger, damaged);
        }
    }

    /// <summary>Called by the transport for a frame that it took and could not send: no code of the grain has run for it.</summary>
    public void ReturnUndelivered(SiloAddress receiver, ReadOnlyMemory<byte> frame)
    {
        if (Frames.KindOf(frame) != MessageKind.Request)
        {
            return;
        }

        Message message = Frames.Decode(frame);
        var rejection = new OrleansMessageRejectionException($"{receiver} could not be reached for {message.Target}.");
        if (!message.Sender.Equals(Address))
        {
            message.Via = null;
            Replies.Fail(message, rejection);
        }
        else
        {
            Pending.Remove(message.Id)?.Fail(rejection);
        }
    }

    /// <summary>Ends the calls that wait for a silo that has died.</summary>
    public virtual void OnSiloDied(SiloAddress silo) => Pending.Break(silo, Unavailable);

    protected static SiloUnavailableException Unavailable(PendingCall call) =>
        new($"The silo {call.Receiver} became unavailable during {call.Description}.");

    public bool Send(SiloAddress receiver, ReadOnlyMemory<byte> frame) => Transport.Send(Address, receiver, frame);

    /// <summary>Sends an observer's message to the node that its identity names.</summary>
    protected void DispatchToObserver(Message message)
    {
        SiloAddress home = ObserverTable.HomeOf(message.Target);
        if (home.Equals(Address))
        {
            Observers.Deliver(message);
            return;
        }

        NoteReceiver(message, home);
        if (!Send(home, Frames.Encode(message, Messaging.MaxMessageBodySize)))
        {
            Replies.Fail(message, new SiloUnavailableException($"The client that holds {message.Target} is gone."));
        }
    }

    protected static void NoteReceiver(Message message, SiloAddress receiver)
    {
        if (message.Caller is { } caller)
        {
            caller.Receiver = receiver;
        }
    }

    protected virtual void ReceiveMessage(Message message) => Dispatch(message);

    /// <summary>A reply for somebody else: only gateways get such.</summary>
    protected virtual void RelayReply(SiloAddress receiver, long id, ReadOnlyMemory<byte> frame)
    {
    }

    private void ReceiveOrRefuse(Message message)
    {
        try
        {
            if (message.Refusal is not null)
            {
                throw message.Refusal;
            }

            ReceiveMessage(message);
        }
        catch (Exception failure)
        {
            Replies.Fail(message, failure);
        }
    }

    private void ReceiveReply(ReadOnlyMemory<byte> frame)
    {
        var reader = new WireReader(frame, this);
        (SiloAddress receiver, long id) = Frames.DecodeReply(reader);
        if (!receiver.Equals(Address))
        {
            RelayReply(receiver, id, frame);
        }
        else if (Pending.Remove(id) is { } call)
        {
            ReplySender.Complete(call, reader);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message could not be read and was dropped")]
        public static partial void FrameRefused(ILogger logger, Exception exception);
    }
}

/// <summary>What a node gets from its host's container.</summary>
internal sealed record NodeServices(
    TimeProvider Time,
    MessagingOptions Messaging,
    ILogger Logger,
    IOutgoingGrainCallFilter[] OutgoingFilters);
