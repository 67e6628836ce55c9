using System.Reflection;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Messaging;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>A call that has reached its grain.</summary>
internal sealed class IncomingCallContext(
    IEnumerable<IIncomingGrainCallFilter> filters,
    GrainActivation activation,
    Message message,
    object target,
    object?[] arguments) : CallContext(message.Method!, target, arguments), IIncomingGrainCallContext
{
    private readonly IIncomingGrainCallFilter[] _filters = [.. filters];

    public override GrainId? SourceId => message.SenderGrain.IsDefault ? null : message.SenderGrain;

    public override GrainId TargetId => activation.GrainId;

    public IGrainContext TargetContext => activation;

    public MethodInfo ImplementationMethod
    {
        get
        {
            InterfaceMapping map = Grain.GetType().GetInterfaceMap(InterfaceMethod.DeclaringType!);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, InterfaceMethod)];
        }
    }

    protected override async ValueTask<bool> TryFilterAsync(int stage)
    {
        if (stage >= _filters.Length)
        {
            return false;
        }

        await _filters[stage].Invoke(this);
        return true;
    }

    protected override ValueTask<object?> CallAsync() => Method.Returns.AwaitAsync(Method.Invoke(Grain, Arguments));
}
