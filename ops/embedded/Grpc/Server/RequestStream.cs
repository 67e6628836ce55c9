using System.Diagnostics.CodeAnalysis;
using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>The request messages of a streaming call.</summary>
internal sealed class RequestStream<T>(HttpServerCallContext call, MessageReader<T> messages) : IAsyncStreamReader<T>
    where T : class
{
    private volatile bool _over;

    [AllowNull]
    public T Current { get; private set => field = value!; } = null!;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_over || call.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw new InvalidOperationException("Can't read messages after the request is complete.");
        }

        T? message = await messages.ReadNextAsync(cancellationToken).ConfigureAwait(false);
        Current = message;
        return message is not null;
    }

    /// <summary>After the service has returned, its request belongs to the host again.</summary>
    public void Close() => _over = true;
}
