using DeepSeekOrleans.Embedded.Invocation;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Streams;

/// <summary>What a proxy returns for a method that enumerates; each enumerator of it makes a call of its own.</summary>
internal sealed class RemoteEnumerable<T>(GrainReference target, MethodModel method, object?[] arguments) : IAsyncEnumerable<T>
{
    // As in the official runtime: enough to make round trips rare, few enough for a message.
    private const int DefaultBatchSize = 100;

    public int MaxBatchSize { get; init; } = DefaultBatchSize;

    public RemoteEnumerable<T> WithBatchSize(int maxBatchSize) => new(target, method, arguments) { MaxBatchSize = maxBatchSize };

    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var argument = method.CancellationIndex >= 0 && arguments[method.CancellationIndex] is CancellationToken token ? token : default;
        object?[] sent = [.. arguments];
        if (method.CancellationIndex >= 0)
        {
            sent[method.CancellationIndex] = null;
        }

        var start = new EnumerationStart
        {
            Id = Guid.NewGuid(),
            Interface = method.Interface.Name,
            Method = method.WireId,
            Arguments = sent,
            MaxBatchSize = MaxBatchSize,
            LongestPoll = (method.ResponseTimeout ?? target.Node.Messaging.ResponseTimeout) / 2,
        };
        var extension = (IEnumeratorExtension)(object)target.CastTo(typeof(IEnumeratorExtension));
        return new RemoteEnumerator<T>(extension, start, argument, cancellationToken);
    }
}
