using System.Diagnostics;
using System.Reflection;
using DeepSeekOrleans.Embedded.Messaging;
using DeepSeekOrleans.Embedded.Serialization;
using DeepSeekOrleans.Embedded.Streams;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>What a grain method returns: how a caller waits for it, and how the grain's own return value is awaited.</summary>
internal abstract class ReturnShape
{
    /// <summary>Null for methods without a result.</summary>
    public virtual Codec? ResultCodec => null;

    public virtual bool IsEnumerable => false;

    public static ReturnShape Of(MethodInfo method)
    {
        Type type = method.ReturnType;
        if (type == typeof(void))
        {
            return new VoidShape();
        }

        if (type == typeof(Task))
        {
            return new TaskShape();
        }

        if (type == typeof(ValueTask))
        {
            return new ValueTaskShape();
        }

        Type? definition = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        Type? shape = definition == typeof(Task<>) ? typeof(TaskShape<>)
            : definition == typeof(ValueTask<>) ? typeof(ValueTaskShape<>)
            : definition == typeof(IAsyncEnumerable<>) ? typeof(EnumerableShape<>)
            : null;
        return shape is null
            ? new UnsupportedShape(method)
            : (ReturnShape)Activator.CreateInstance(shape.MakeGenericType(type.GetGenericArguments()))!;
    }

    /// <summary>Begins the enumeration of a method that returns one.</summary>
    public virtual object Open(GrainReference target, MethodModel method, object?[] arguments) => throw new UnreachableException();

    /// <summary>Begins the enumeration inside its grain.</summary>
    public virtual OpenEnumerator OpenHere(object grain, MethodModel method, EnumerationStart start, TimeProvider time) =>
        throw new UnreachableException();

    public abstract PendingCall NewCall();

    /// <summary>What the proxy's method returns.</summary>
    public abstract object? ToReturnValue(PendingCall call);

    /// <summary>Awaits what the grain's method returned; the result is null for methods without one.</summary>
    public abstract ValueTask<object?> AwaitAsync(object? returned);

    private sealed class VoidShape : ReturnShape
    {
        public override PendingCall NewCall() => new PendingCall<object?>();

        public override object? ToReturnValue(PendingCall call) => null;

        public override ValueTask<object?> AwaitAsync(object? returned) => default;
    }

    private sealed class TaskShape : ReturnShape
    {
        public override PendingCall NewCall() => new PendingCall<object?>();

        public override object ToReturnValue(PendingCall call) => ((PendingCall<object?>)call).Task;

        public override async ValueTask<object?> AwaitAsync(object? returned)
        {
            await (Task)returned!;
            return null;
        }
    }

    private sealed class ValueTaskShape : ReturnShape
    {
        public override PendingCall NewCall() => new PendingCall<object?>();

        public override object ToReturnValue(PendingCall call) => new ValueTask(((PendingCall<object?>)call).Task);

        public override async ValueTask<object?> AwaitAsync(object? returned)
        {
            await (ValueTask)returned!;
            return null;
        }
    }

    private sealed class TaskShape<T> : ReturnShape
    {
        private Codec<T>? _codec;

        public override Codec ResultCodec => _codec ??= CodecTable.Get<T>();

        public override PendingCall NewCall() => new PendingCall<T>();

        public override object ToReturnValue(PendingCall call) => ((PendingCall<T>)call).Task;

        public override async ValueTask<object?> AwaitAsync(object? returned) => await (Task<T>)returned!;
    }

    private sealed class ValueTaskShape<T> : ReturnShape
    {
        private Codec<T>? _codec;

        public override Codec ResultCodec => _codec ??= CodecTable.Get<T>();

        public override PendingCall NewCall() => new PendingCall<T>();

        public override object ToReturnValue(PendingCall call) => new ValueTask<T>(((PendingCall<T>)call).Task);

        public override async ValueTask<object?> AwaitAsync(object? returned) => await (ValueTask<T>)returned!;
    }

    /// <summary>A method that other ones' callers never notice; calling it fails.</summary>
    private sealed class UnsupportedShape(MethodInfo method) : ReturnShape
    {
        public override PendingCall NewCall() => throw Refusal();

        public override object? ToReturnValue(PendingCall call) => throw Refusal();

        public override ValueTask<object?> AwaitAsync(object? returned) => throw Refusal();

        private NotSupportedException Refusal() =>
            new($"{method.DeclaringType}.{method.Name} must return Task, ValueTask or IAsyncEnumerable, and returns {method.ReturnType}");
    }
}
