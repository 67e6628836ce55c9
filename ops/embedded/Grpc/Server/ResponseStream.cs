using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>The response messages of a streaming call.</summary>
internal sealed class ResponseStream<T>(HttpServerCallContext call, Action<T, SerializationContext> serializer) : IServerStreamWriter<T>
    where T : class
{
    public WriteOptions? WriteOptions
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        // A write that is cancelled half way leaves half a message: the stream cannot go on.
        using CancellationTokenRegistration reset = cancellationToken.Register(
            static call => ((HttpServerCallContext)call!).Reset(),
            call);
        cancellationToken.ThrowIfCancellationRequested();
        await call.WriteMessageAsync(message, serializer, cancellationToken).ConfigureAwait(false);
    }
}
