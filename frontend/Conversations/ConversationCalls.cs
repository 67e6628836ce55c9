using System.Diagnostics;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Conversations;

/// <summary>Calls about one tenant's stored conversations. All may be repeated, and are while the silo that was asked is being replaced.</summary>
internal sealed partial class ConversationCalls(
    IGrainFactory grains, IOptions<ConversationCallOptions> options, TimeProvider time, ILogger<ConversationCalls> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _patience = options.Value.Patience;

    /// <exception cref="RequestRejected">It is larger than a conversation may be.</exception>
    /// <exception cref="GenerationException">The store is out of reach; so with all other calls.</exception>
    public Task CreateAsync(TenantName tenant, ConversationId id, Conversation conversation, CancellationToken cancellationToken) =>
        AskAsync(tenant, id, grain => grain.CreateConversationAsync(conversation), waitsForStore: false, cancellationToken);

    /// <exception cref="RequestRejected">The tenant has no such conversation.</exception>
    public async Task<Conversation> ReadAsync(TenantName tenant, ConversationId id, CancellationToken cancellationToken)
    {
        ConversationReply reply = await AskAsync(
            tenant, id, grain => grain.ReadConversationAsync(), waitsForStore: false, cancellationToken).ConfigureAwait(false);
        return reply.Conversation!;
    }

    /// <exception cref="RequestRejected">The tenant has no such conversation.</exception>
    public Task DeleteAsync(TenantName tenant, ConversationId id, CancellationToken cancellationToken) =>
        AskAsync(tenant, id, grain => grain.DeleteConversationAsync(), waitsForStore: false, cancellationToken);

    /// <exception cref="RequestRejected">There is no such conversation, it is full, or another turn is under way.</exception>
    public async Task<Conversation> OpenTurnAsync(TenantName tenant, ConversationId id, string turnId, CancellationToken cancellationToken)
    {
        ConversationReply reply = await AskAsync(
            tenant, id, grain => grain.OpenTurnAsync(turnId), waitsForStore: false, cancellationToken).ConfigureAwait(false);
        return reply.Conversation!;
    }

    /// <param name="number">How many turns there were when it was opened.</param>
    /// <exception cref="RequestRejected">The conversation has gone, it is full, or another turn was faster.</exception>
    public Task AppendTurnAsync(TenantName tenant, ConversationId id, ConversationTurn turn, int number, CancellationToken cancellationToken) =>
        AskAsync(tenant, id, grain => grain.AppendTurnAsync(turn, number), waitsForStore: true, cancellationToken);

    /// <summary>Never fails: a turn that nobody ends is over by itself after a while.</summary>
    public async Task AbandonTurnAsync(TenantName tenant, ConversationId id, string turnId)
    {
        try
        {
            await Grain(tenant, id).AbandonTurnAsync(turnId).ConfigureAwait(false);
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            Log.LeftOpen(logger, e, turnId);
        }
    }

    private async Task<ConversationReply> AskAsync(
        TenantName tenant,
        ConversationId id,
        Func<ISessionGrain, Task<ConversationReply>> ask,
        bool waitsForStore,
        CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            ConversationReply? reply = await AskOnceAsync(Grain(tenant, id), ask).ConfigureAwait(false);
            bool isWorthWaiting = reply is null || (waitsForStore && reply.Outcome == ConversationOutcome.StoreAway);
            if (!isWorthWaiting || time.GetElapsedTime(start) >= _patience)
            {
                return Check(reply);
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    // null when nobody has answered
    private async Task<ConversationReply?> AskOnceAsync(ISessionGrain grain, Func<ISessionGrain, Task<ConversationReply>> ask)
    {
        try
        {
            return await ask(grain).ConfigureAwait(false);
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            Log.Unreachable(logger, e);
            return null;
        }
    }

    private static ConversationReply Check(ConversationReply? reply) => reply?.Outcome switch
    {
        ConversationOutcome.Done => reply,
        ConversationOutcome.Unknown => throw RequestRejected.UnknownConversation(),
        ConversationOutcome.Conflict => throw RequestRejected.ConversationConflict(),
        ConversationOutcome.Full => throw RequestRejected.ConversationFull(),
        ConversationOutcome.StoreAway => throw new GenerationException(GenerationFailure.ConversationsAway, reply.RetryAfter),
        null => throw new GenerationException(GenerationFailure.ConversationsAway, RetryAfter),
        _ => throw new UnreachableException($"outcome {reply.Outcome}"),
    };

    private ISessionGrain Grain(TenantName tenant, ConversationId id) => grains.GetGrain<ISessionGrain>($"{tenant}/{id.Value}");

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A stored conversation could not be reached")]
        public static partial void Unreachable(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Turn {TurnId} was left open")]
        public static partial void LeftOpen(ILogger logger, Exception exception, string turnId);
    }
}
