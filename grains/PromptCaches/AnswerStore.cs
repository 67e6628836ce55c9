using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Grains.PromptCaches;

/// <summary>
/// Exact answers by the key of their request, for the whole silo. A cache may fail, and nobody who asks notices: what is out of reach, or
/// cannot be read, is computed anew.
/// </summary>
internal sealed partial class AnswerStore(IValueStore store, IOptions<ResponseCacheOptions> options, ILogger<AnswerStore> logger)
{
    private const string Kind = "answer";

    private readonly KeepTerms _terms = new(options.Value.TimeToLive, options.Value.MaxTenantBytes);
    private long _bypassed;
    private long _foreign;

    /// <summary>Look-ups and keeps that the store was out of reach for.</summary>
    public long Bypassed => Interlocked.Read(ref _bypassed);

    /// <summary>Values that were none of ours, or damaged, and were removed.</summary>
    public long Foreign => Interlocked.Read(ref _foreign);

    public async Task<CachedResponse?> FindAsync(AnswerKey key)
    {
        StoreKey name = NameOf(key);
        try
        {
            if (await store.FindAsync(name) is not { } found)
            {
                return null;
            }

            if (ValueEnvelope.TryOpen(name, AnswerFormat.Schema, found.Bytes, out ReadOnlyMemory<byte>? content)
                && AnswerFormat.TryRead(content.Value) is { } response)
            {
                return response;
            }

            Interlocked.Increment(ref _foreign);
            Log.Removed(logger, found.Bytes.Length);
            await store.PurgeAsync(name);
        }
        catch (StoreUnavailableException)
        {
            Interlocked.Increment(ref _bypassed);
        }

        return null;
    }

    public async Task KeepAsync(AnswerKey key, CachedResponse response)
    {
        StoreKey name = NameOf(key);
        try
        {
            await store.KeepAsync(name, ValueEnvelope.Seal(name, AnswerFormat.Schema, AnswerFormat.Write(response)), _terms);
        }
        catch (StoreUnavailableException)
        {
            Interlocked.Increment(ref _bypassed);
        }
    }

    /// <returns>False when the store could not be reached, and may still hold them.</returns>
    public Task<bool> PurgeAsync(AnswerKey key) => ReachedAsync(store.PurgeAsync(NameOf(key)));

    /// <returns>False when the store could not be reached, and may still hold them.</returns>
    public Task<bool> PurgeAsync(AnswerScope scope) => ReachedAsync(store.PurgeAsync(new StoreScope(Kind, scope.Tenant, scope.Model)));

    private static async Task<bool> ReachedAsync(Task purge)
    {
        try
        {
            await purge;
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private static StoreKey NameOf(AnswerKey key) => new(Kind, key.Tenant, key.Model, key.Digest);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A stored answer of {Bytes} bytes was damaged or foreign and was removed")]
        public static partial void Removed(ILogger logger, int bytes);
    }
}
