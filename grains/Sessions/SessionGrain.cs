using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Storage;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace DeepSeekOrleans.Grains.Sessions;

/// <summary>
/// Sends a conversation's requests to the router of their model, and works on the conversation where it is stored. Reentrant, because
/// the requests of one session may run side by side.
/// </summary>
[Reentrant, AnyGateway]
internal sealed class SessionGrain(
    ConversationStore store, IOptions<ConversationOptions> options, IOptions<StorageOptions> storage, TimeProvider time) : Grain, ISessionGrain
{
    private StoredConversation? _conversation;
    private int _running;

    private StoredConversation Conversation => _conversation ??= Open();

    public async Task<Dispatch> BeginAsync(SessionRequest request)
    {
        _running++;
        Dispatch? dispatch = null;
        try
        {
            dispatch = await RouterOf(request.Model).RouteAsync(request, request.AttemptNumber);
            return dispatch;
        }
        finally
        {
            if (dispatch?.Kind is not (DispatchKind.Run or DispatchKind.Follow))
            {
                End();
            }
        }
    }

    public async Task CompleteAsync(Completion completion)
    {
        try
        {
            await RouterOf(completion.Model).CompleteAsync(completion);
        }
        finally
        {
            End();
        }
    }

    public Task<ConversationReply> CreateConversationAsync(Conversation conversation) => Conversation.CreateAsync(conversation);

    public Task<ConversationReply> ReadConversationAsync() => Conversation.ReadAsync();

    public Task<ConversationReply> DeleteConversationAsync() => Conversation.DeleteAsync();

    public Task<ConversationReply> OpenTurnAsync(string turnId) => Conversation.OpenTurnAsync(turnId);

    public Task<ConversationReply> AppendTurnAsync(ConversationTurn turn, int number) => Conversation.AppendTurnAsync(turn, number);

    public Task AbandonTurnAsync(string turnId) => Conversation.AbandonTurnAsync(turnId);

    private void End()
    {
        // a request without a session has a grain of its own, which would otherwise stay for the whole collection age
        if (--_running <= 0 && _conversation?.HasOpenTurn != true)
        {
            DeactivateOnIdle();
        }
    }

    private StoredConversation Open()
    {
        // neither part of the key holds a slash
        string[] key = this.GetPrimaryKeyString().Split('/');
        return new StoredConversation(
            store, ConversationStore.NameOf(new TenantName(key[0]), key[1]), options.Value, storage.Value.BreakDuration, time);
    }

    private IPromptCacheGrain RouterOf(string model) => GrainFactory.GetGrain<IPromptCacheGrain>(RouterKey.Of(model));
}
