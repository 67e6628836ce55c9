using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Grains.Sessions;

/// <summary>Stored conversations, for the whole silo. What cannot be read is taken for none and removed.</summary>
/// <remarks>Every call may fail with a <see cref="StoreUnavailableException"/>: a conversation is nothing that could be computed anew.</remarks>
internal sealed partial class ConversationStore(StateStore state, IOptions<ConversationOptions> options, ILogger<ConversationStore> logger)
{
    private const string Kind = "conversation";

    private readonly IValueStore _store = state.Values;
    private readonly ConversationOptions _options = options.Value;
    private readonly KeepTerms _terms = new(options.Value.TimeToLive, options.Value.MaxTenantBytes);
    private long _foreign;

    /// <summary>Values that were none of ours, or damaged, and were removed.</summary>
    public long Foreign => Interlocked.Read(ref _foreign);

    public static StoreKey NameOf(TenantName tenant, string id) => new(Kind, tenant, Model: "", id);

    public async Task<KeptConversation?> FindAsync(StoreKey name)
    {
        if (await _store.FindAsync(name) is not { } found)
        {
            return null;
        }

        if (ValueEnvelope.TryOpen(name, ConversationFormat.Schema, found.Bytes, out ReadOnlyMemory<byte>? content)
            && ConversationFormat.TryRead(content.Value) is { } conversation)
        {
            return new KeptConversation(conversation, found.Bytes);
        }

        Interlocked.Increment(ref _foreign);
        Log.Removed(logger, found.Bytes.Length);
        await _store.PurgeAsync(name);
        return null;
    }

    /// <summary>Stores a conversation in the place of what was found before. Unless it is kept, what is stored stays.</summary>
    /// <param name="known">Null when nothing was found.</param>
    public async Task<KeepOutcome> KeepAsync(StoreKey name, Conversation conversation, KeptConversation? known)
    {
        byte[] value = ValueEnvelope.Seal(name, ConversationFormat.Schema, ConversationFormat.Write(conversation));
        if (value.Length > _options.MaxBytes || name.SizeOf(value.Length) > _options.MaxTenantBytes)
        {
            return KeepOutcome.TooLarge;
        }

        return await _store.ReplaceAsync(name, known?.Bytes, value, _terms) ? KeepOutcome.Kept : KeepOutcome.Outdated;
    }

    public Task PurgeAsync(StoreKey name) => _store.PurgeAsync(name);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A stored conversation of {Bytes} bytes was damaged or foreign and was removed")]
        public static partial void Removed(ILogger logger, int bytes);
    }
}

/// <param name="Bytes">As they are stored: what tells whether somebody else has written meanwhile.</param>
internal sealed record KeptConversation(Conversation Conversation, ReadOnlyMemory<byte> Bytes);

internal enum KeepOutcome
{
    Kept,
    TooLarge,

    /// <summary>What is stored is no longer what was found.</summary>
    Outdated,
}
