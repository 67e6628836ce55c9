using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Invocation;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

internal sealed record OutgoingCall(GrainReference Target, MethodModel Method, object?[] Arguments);

/// <summary>A call that leaves a grain or a client.</summary>
internal sealed class OutgoingCallContext(IOutgoingGrainCallFilter[] filters, OutgoingCall call)
    : CallContext(call.Method, call.Target, call.Arguments), IOutgoingGrainCallContext
{
    private readonly GrainActivation? _source = RuntimeContext.Current;

    public override GrainId? SourceId => _source?.GrainId;

    public override GrainId TargetId => call.Target.GrainId;

    public IGrainContext? SourceContext => _source;

    /// <summary>Runs the filters on the caller's own scheduler; the end goes to <paramref name="pending"/>.</summary>
    public static void Start(IOutgoingGrainCallFilter[] filters, OutgoingCall call, PendingCall pending) =>
        _ = new OutgoingCallContext(filters, call).RunAsync(pending);

    protected override async ValueTask<bool> TryFilterAsync(int stage)
    {
        if (stage >= filters.Length)
        {
            return false;
        }

        await filters[stage].Invoke(this);
        return true;
    }

    protected override ValueTask<object?> CallAsync()
    {
        PendingCall inner = Method.Returns.NewCall();
        call.Target.Node.Calls.Start(inner, call.Target, Method, Arguments);
        return Method.Returns.AwaitAsync(Method.Returns.ToReturnValue(inner));
    }

    private async Task RunAsync(PendingCall pending)
    {
        try
        {
            pending.Complete(await RunAsync());
        }
        catch (OperationCanceledException cancelled)
        {
            pending.Cancel(cancelled.CancellationToken);
        }
        catch (Exception failure)
        {
            pending.Fail(failure);
        }
    }
}
