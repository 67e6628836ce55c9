using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Messaging;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Streams;

/// <summary>Methods that return IAsyncEnumerable.</summary>
internal sealed class EnumerableShape<T> : ReturnShape
{
    public override bool IsEnumerable => true;

    public override object Open(GrainReference target, MethodModel method, object?[] arguments) =>
        new RemoteEnumerable<T>(target, method, arguments);

    public override OpenEnumerator OpenHere(object grain, MethodModel method, EnumerationStart start, TimeProvider time)
    {
        var cancellation = new CancellationTokenSource();
        object?[] arguments = start.Arguments;
        if (method.CancellationIndex >= 0)
        {
            arguments[method.CancellationIndex] = cancellation.Token;
        }

        var items = (IAsyncEnumerable<T>)method.Invoke(grain, arguments)!;
        return new OpenEnumerator<T>(items, cancellation, start, time);
    }

    public override PendingCall NewCall() => throw new NotSupportedException();

    public override object? ToReturnValue(PendingCall call) => throw new NotSupportedException();

    public override ValueTask<object?> AwaitAsync(object? returned) => throw new NotSupportedException();
}
