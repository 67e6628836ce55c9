using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Storage;

namespace DeepSeekOrleans.Grains.Sessions;

/// <summary>
/// One stored conversation, as its grain works on it: one call after the other. It is read anew each time, and written only in the place of
/// what was read, because a grain that has moved may leave behind an older one that does not know yet.
/// </summary>
internal sealed class StoredConversation(
    ConversationStore store, StoreKey name, ConversationOptions options, TimeSpan retryAfter, TimeProvider time)
{
    private Task _last = Task.CompletedTask;
    private (string Id, long Since)? _open;

    /// <summary>A turn is under way, which this activation alone knows of.</summary>
    public bool HasOpenTurn => _open is { } open && time.GetElapsedTime(open.Since) < options.TurnLease;

    public Task<ConversationReply> CreateAsync(Conversation conversation) => InTurnAsync(async () =>
    {
        if (await store.FindAsync(name) is { } known)
        {
            return Done(known.Conversation);
        }

        return await store.KeepAsync(name, conversation, known: null) switch
        {
            KeepOutcome.Kept => Done(conversation),
            KeepOutcome.TooLarge => Of(ConversationOutcome.Full),
            _ => await store.FindAsync(name) is { } other ? Done(other.Conversation) : Of(ConversationOutcome.Conflict),
        };
    });

    public Task<ConversationReply> ReadAsync() => InTurnAsync(async () =>
        await store.FindAsync(name) is { } known ? Done(known.Conversation) : Of(ConversationOutcome.Unknown));

    public Task<ConversationReply> DeleteAsync() => InTurnAsync(async () =>
    {
        if (await store.FindAsync(name) is null)
        {
            return Of(ConversationOutcome.Unknown);
        }

        await store.PurgeAsync(name);
        return Of(ConversationOutcome.Done);
    });

    public Task<ConversationReply> OpenTurnAsync(string turnId) => InTurnAsync(async () =>
    {
        if (await store.FindAsync(name) is not { Conversation: var conversation })
        {
            return Of(ConversationOutcome.Unknown);
        }

        if (HasOpenTurn && _open!.Value.Id != turnId)
        {
            return Of(ConversationOutcome.Conflict);
        }

        if (conversation.Turns.Length >= options.MaxTurns)
        {
            return Of(ConversationOutcome.Full);
        }

        _open = (turnId, time.GetTimestamp());
        return Done(conversation);
    });

    public Task<ConversationReply> AppendTurnAsync(ConversationTurn turn, int number) => InTurnAsync(async () =>
    {
        ConversationReply reply = await AddAsync(turn, number);
        Close(turn.Id);
        return reply;
    });

    /// <summary>After the opening, should that still be under way.</summary>
    public Task AbandonTurnAsync(string turnId) => InTurnAsync(() =>
    {
        Close(turnId);
        return Task.FromResult(Of(ConversationOutcome.Done));
    });

    private void Close(string turnId)
    {
        if (_open?.Id == turnId)
        {
            _open = null;
        }
    }

    private async Task<ConversationReply> AddAsync(ConversationTurn turn, int number)
    {
        if (await store.FindAsync(name) is not { } known)
        {
            return Of(ConversationOutcome.Unknown);
        }

        if (Holds(known, turn))
        {
            return Done(known.Conversation);
        }

        if (known.Conversation.Turns.Length != number)
        {
            return Of(ConversationOutcome.Conflict);
        }

        Conversation longer = known.Conversation with { Turns = [.. known.Conversation.Turns, turn] };
        return await store.KeepAsync(name, longer, known) switch
        {
            KeepOutcome.Kept => Done(longer),
            KeepOutcome.TooLarge => Of(ConversationOutcome.Full),

            // another activation of this grain has written meanwhile, perhaps this very turn
            _ => await store.FindAsync(name) is { } other && Holds(other, turn) ? Done(other.Conversation) : Of(ConversationOutcome.Conflict),
        };
    }

    private static bool Holds(KeptConversation known, ConversationTurn turn) => known.Conversation.Turns.Any(stored => stored.Id == turn.Id);

    // the grain is reentrant, and what was read must still hold when it is written
    private Task<ConversationReply> InTurnAsync(Func<Task<ConversationReply>> act)
    {
        Task<ConversationReply> next = AfterAsync(_last, act);
        _last = next;
        return next;
    }

    private async Task<ConversationReply> AfterAsync(Task before, Func<Task<ConversationReply>> act)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            return await act();
        }
        catch (StoreUnavailableException)
        {
            return new ConversationReply { Outcome = ConversationOutcome.StoreAway, RetryAfter = retryAfter };
        }
    }

    private static ConversationReply Done(Conversation conversation) => new() { Outcome = ConversationOutcome.Done, Conversation = conversation };

    private static ConversationReply Of(ConversationOutcome outcome) => new() { Outcome = outcome };
}
