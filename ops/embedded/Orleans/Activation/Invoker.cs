using System.Reflection;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Messaging;
using DeepSeekOrleans.Embedded.Streams;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>Runs a message on its activation and replies.</summary>
internal sealed partial class Invoker(SiloNode silo, IIncomingGrainCallFilter[] filters)
{
    /// <summary>Never fails: the caller gets the failure.</summary>
    public async Task RunAsync(GrainActivation activation, Message message)
    {
        try
        {
            RequestContext.Import(message.Context);
            object? result = await InvokeAsync(activation, message);
            silo.Replies.Succeed(message, result);
        }
        catch (Exception failure)
        {
            Fail(message, failure);
        }

        activation.OnTurnEnded(message);
    }

    private ValueTask<object?> InvokeAsync(GrainActivation activation, Message message)
    {
        MethodModel method = message.Method!;
        object target = TargetOf(activation, method);
        object?[] arguments = message.TakeArguments(silo);
        return filters.Length == 0 && activation.GrainInstance is not IIncomingGrainCallFilter
            ? method.Returns.AwaitAsync(method.Invoke(target, arguments))
            : new IncomingCallContext(FiltersOf(activation), activation, message, target, arguments).RunAsync();
    }

    private static object TargetOf(GrainActivation activation, MethodModel method)
    {
        if (method.Interface.Type == typeof(IEnumeratorExtension))
        {
            return activation.Enumerators;
        }

        object instance = activation.GrainInstance!;
        return method.Method.DeclaringType!.IsInstanceOfType(instance)
            ? instance
            : throw new InvalidOperationException($"{instance.GetType()} does not implement {method.Interface.Name}");
    }

    private IEnumerable<IIncomingGrainCallFilter> FiltersOf(GrainActivation activation) =>
        activation.GrainInstance is IIncomingGrainCallFilter own ? filters.Append(own) : filters;

    private void Fail(Message message, Exception failure)
    {
        Exception cause = failure is TargetInvocationException { InnerException: { } inner } ? inner : failure;
        if (message.Kind == MessageKind.OneWay)
        {
            Log.OneWayFailed(silo.Logger, message.Target, cause);
        }

        silo.Replies.Fail(message, cause);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A one-way call to {Grain} failed")]
        public static partial void OneWayFailed(ILogger logger, GrainId grain, Exception exception);
    }
}
