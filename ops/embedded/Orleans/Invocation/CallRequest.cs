using System.Reflection;
using Orleans.Serialization.Invocation;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>A call as filters see it.</summary>
internal sealed class CallRequest(MethodModel method, object? target, object?[] arguments) : IInvokable
{
    public bool IsCancellable => method.CancellationIndex >= 0;

    public object?[] Arguments => arguments;

    public int GetArgumentCount() => arguments.Length;

    public object? GetArgument(int index) => arguments[index];

    public void SetArgument(int index, object value) => arguments[index] = value;

    public string GetMethodName() => method.Method.Name;

    public string GetInterfaceName() => method.Interface.Name;

    public Type GetInterfaceType() => method.Interface.Type;

    public MethodInfo GetMethod() => method.Method;

    public object? GetTarget() => target;

    public TimeSpan? GetDefaultResponseTimeout() => method.ResponseTimeout;

    public CancellationToken GetCancellationToken() =>
        IsCancellable && arguments[method.CancellationIndex] is CancellationToken token ? token : default;

    public void Dispose()
    {
    }
}
