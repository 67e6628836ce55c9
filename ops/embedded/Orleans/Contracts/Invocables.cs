using System.Reflection;

namespace Orleans.Serialization.Invocation;

/// <summary>Holds the object that a call is made on.</summary>
public interface ITargetHolder
{
    object? GetTarget();

    object? GetComponent(Type componentType);
}

/// <summary>A call with its arguments.</summary>
public interface IInvokable : IDisposable
{
    bool IsCancellable { get; }

    int GetArgumentCount();

    object? GetArgument(int index);

    void SetArgument(int index, object value);

    string GetMethodName();

    string GetInterfaceName();

    Type GetInterfaceType();

    MethodInfo GetMethod();

    object? GetTarget();

    TimeSpan? GetDefaultResponseTimeout();

    CancellationToken GetCancellationToken();
}

/// <summary>How a call ended.</summary>
public abstract class Response : IDisposable
{
    public static Response Completed { get; } = new Ended(null, null);

    public abstract object? Result { get; set; }

    public abstract Exception? Exception { get; set; }

    public static Response FromException(Exception exception) => new Ended(null, exception);

    public static Response FromResult<TResult>(TResult value) => new Ended(value, null);

    public abstract T GetResult<T>();

    public abstract void Dispose();

    private sealed class Ended(object? result, Exception? exception) : Response
    {
        public override object? Result { get; set; } = result;

        public override Exception? Exception { get; set; } = exception;

        public override T GetResult<T>() => Exception is null ? (T)Result! : throw Exception;

        public override void Dispose()
        {
        }
    }
}
