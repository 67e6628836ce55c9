using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Streams;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>Turns the calls made on references into messages.</summary>
internal sealed class CallSender(Node node, IOutgoingGrainCallFilter[] filters)
{
    /// <returns>What the interface's method returns.</returns>
    public object? Invoke(GrainReference target, MethodModel method, object?[] arguments)
    {
        if (method.Returns.IsEnumerable)
        {
            return method.Returns.Open(target, method, arguments);
        }

        PendingCall call = method.Returns.NewCall();
        if (filters.Length == 0 || ObserverTable.IsRuntimePart(target.GrainId))
        {
            Start(call, target, method, arguments);
        }
        else
        {
            OutgoingCallContext.Start(filters, new OutgoingCall(target, method, arguments), call);
        }

        return method.Returns.ToReturnValue(call);
    }

    /// <summary>Sends the call. Whatever goes wrong ends up in <paramref name="call"/>.</summary>
    public void Start(PendingCall call, GrainReference target, MethodModel method, object?[] arguments)
    {
        try
        {
            CancellationToken cancellation = method.CancellationIndex < 0 ? default : (CancellationToken)arguments[method.CancellationIndex]!;
            ThrowIfClosed();
            if (cancellation.IsCancellationRequested)
            {
                call.Cancel(cancellation);
            }
            else if (method.IsOneWay)
            {
                node.Dispatch(NewMessage(null, target, method, arguments));
                call.Complete(null);
            }
            else
            {
                Send(call, NewMessage(call, target, method, arguments), cancellation);
            }
        }
        catch (Exception failure)
        {
            node.Pending.Remove(call.Id);
            call.Fail(failure);
        }
    }

    public void OnTimedOut(PendingCall call)
    {
        if (node.Messaging.CancelRequestOnTimeout)
        {
            Withdraw(call);
        }
    }

    private void Send(PendingCall call, Message message, CancellationToken cancellation)
    {
        call.Id = message.Id;
        call.Target = message;
        node.Pending.Add(call, message.Method!.ResponseTimeout ?? node.Messaging.ResponseTimeout);

        // Looked at once more: a node that closes meanwhile has ended only the calls that it knew.
        ThrowIfClosed();
        node.Dispatch(message);
        if (cancellation.CanBeCanceled)
        {
            call.WatchCancellation(cancellation, OnCancelled);
        }
    }

    private Message NewMessage(PendingCall? call, GrainReference target, MethodModel method, object?[] arguments)
    {
        GrainActivation? caller = RuntimeContext.Current;
        return new Message
        {
            Kind = call is null ? MessageKind.OneWay : MessageKind.Request,
            Id = node.Pending.NextId(),
            Sender = node.Address,
            SenderGrain = caller is null ? default : caller.GrainId,
            Target = target.GrainId,
            Method = method,
            Arguments = arguments,
            Context = RequestContext.Export(),
            Caller = call,
        };
    }

    private void ThrowIfClosed()
    {
        if (!node.IsOpen)
        {
            throw new SiloUnavailableException($"{node.Address} is not connected to its cluster: it has not started, or it has stopped.");
        }
    }

    private void OnCancelled(PendingCall call, CancellationToken token)
    {
        if (node.Messaging.WaitForCancellationAcknowledgement)
        {
            Withdraw(call);
        }
        else if (node.Pending.Remove(call.Id) is not null)
        {
            call.Cancel(token);
            Withdraw(call);
        }
    }

    private void Withdraw(PendingCall call) => node.Dispatch(new Message
    {
        Kind = MessageKind.Cancel,
        Id = call.Id,
        Sender = node.Address,
        Target = call.Target!.Target,
    });
}
