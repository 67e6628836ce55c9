using System.Diagnostics.CodeAnalysis;
using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Client;

/// <summary>The response messages of a streaming call.</summary>
internal sealed class ClientResponseStream<TRequest, TResponse> : IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private readonly GrpcCall<TRequest, TResponse> _call;
    private readonly Task<MessageReader<TResponse>> _opening;

    public ClientResponseStream(GrpcCall<TRequest, TResponse> call, Task<MessageReader<TResponse>> opening)
    {
        _call = call;
        _opening = opening;
        _opening.ObserveFault();
    }

    [AllowNull]
    public TResponse Current { get; private set => field = value!; } = null!;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration cancel = cancellationToken.Register(
            static call => ((GrpcCall<TRequest, TResponse>)call!).Cancel(),
            _call);
        Current = null;
        MessageReader<TResponse> messages = await _opening.ConfigureAwait(false);
        if (!_call.Ended.IsCompleted)
        {
            Current = await ReadNextAsync(messages).ConfigureAwait(false);
        }

        if (Current is not null)
        {
            return true;
        }

        await messages.CompleteAsync().ConfigureAwait(false);
        _call.Finish();
        return false;
    }

    private async Task<TResponse?> ReadNextAsync(MessageReader<TResponse> messages)
    {
        try
        {
            return await messages.ReadNextAsync(_call.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            await messages.CompleteAsync().ConfigureAwait(false);
            throw _call.Fail(error);
        }
    }
}
