using DeepSeekOrleans.Embedded.Streams;

namespace Orleans.Runtime;

public static class AsyncEnumerableExtensions
{
    /// <summary>Sets how many items a message may hold. To be called on what the grain's method returned, before any operator.</summary>
    public static IAsyncEnumerable<T> WithBatchSize<T>(this IAsyncEnumerable<T> self, int maxBatchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBatchSize);
        return self is RemoteEnumerable<T> remote ? remote.WithBatchSize(maxBatchSize) : self;
    }
}
