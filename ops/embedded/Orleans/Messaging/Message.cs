using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Serialization;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

internal enum MessageKind : byte
{
    Request = 0,
    OneWay = 1,
    Cancel = 2,
    Reply = 3,
}

/// <summary>A call on its way to a grain or an observer, or the withdrawal of one.</summary>
internal sealed class Message : Turn
{
    private bool _isDetached;
    private CancellationTokenSource? _cancellation;

    public required MessageKind Kind { get; init; }

    /// <summary>Numbers the calls of one sender.</summary>
    public required long Id { get; init; }

    /// <summary>The silo or client where the caller waits.</summary>
    public required SiloAddress Sender { get; init; }

    /// <summary>The calling grain; default when the caller is none.</summary>
    public GrainId SenderGrain { get; init; }

    public required GrainId Target { get; init; }

    /// <summary>Null for a withdrawal.</summary>
    public MethodModel? Method { get; init; }

    /// <summary>Why a received message cannot be understood here.</summary>
    public Exception? Refusal { get; init; }

    public Dictionary<string, object>? Context { get; init; }

    /// <summary>The caller itself when it waits on the silo where the message was made.</summary>
    public PendingCall? Caller { get; init; }

    /// <summary>The arguments, for messages made on this silo.</summary>
    public object?[]? Arguments { get; init; }

    /// <summary>The arguments as they came by wire.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The gateway that passes the reply on to the client.</summary>
    public SiloAddress? Via { get; set; }

    /// <summary>The receiving silo has been chosen to activate the grain.</summary>
    public bool IsPlaced { get; set; }

    public int Forwards { get; set; }

    public override bool AlwaysInterleaves => Method!.AlwaysInterleaves;

    public override bool IsReadOnly => Method!.IsReadOnly;

    /// <summary>Cuts the arguments loose from the caller, who may change them once its call has returned.</summary>
    public void Detach()
    {
        if (!_isDetached && Arguments is not null)
        {
            Method!.CopyArguments(Arguments);
            _isDetached = true;
        }
    }

    /// <summary>The arguments for the call itself, with the token that a withdrawal cancels.</summary>
    public object?[] TakeArguments(IReferenceFactory references)
    {
        object?[] arguments = Arguments ?? Method!.ReadArguments(new WireReader(Body, references));
        if (Method!.CancellationIndex >= 0)
        {
            _cancellation = new CancellationTokenSource();
            arguments[Method.CancellationIndex] = _cancellation.Token;
        }

        return arguments;
    }

    /// <summary>Cancels the token of a call that runs; without effect on methods that take none.</summary>
    public void Cancel() => _cancellation?.Cancel();

    public bool IsCallOf(Message withdrawal) => Id == withdrawal.Id && Kind == MessageKind.Request && Sender.Equals(withdrawal.Sender);

    public override Task RunAsync(GrainActivation activation) => activation.Invoker.RunAsync(activation, this);

    public override void Abandon(GrainActivation activation, Exception? reason)
    {
        if (reason is null)
        {
            activation.Silo.Reroute(this);
        }
        else
        {
            activation.Silo.Replies.Fail(this, reason);
        }
    }
}
