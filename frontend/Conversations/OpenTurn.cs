using System.Text;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Conversations;

/// <summary>
/// A turn of a stored conversation while its answer is computed. It is added with the end of the answer; a turn whose answer fails, or
/// whose client leaves, adds nothing.
/// </summary>
internal sealed class OpenTurn : IAsyncDisposable
{
    private readonly ConversationCalls _calls;
    private readonly RequestIdentity _identity;
    private readonly ConversationId _conversation;
    private readonly int _number;
    private readonly StringBuilder _answer = new();
    private TemplateMessage[] _own = [];
    private bool _isStored;

    private OpenTurn(ConversationCalls calls, RequestIdentity identity, ConversationId conversation, int number)
    {
        (_calls, _identity, _conversation, _number) = (calls, identity, conversation, number);
    }

    /// <summary>What was said before, and then what the request says.</summary>
    public TemplateMessage[] Messages { get; private set; } = [];

    /// <param name="own">The request's messages.</param>
    /// <exception cref="RequestRejected">
    /// There is no such conversation, another turn of it is under way, or it is too long, for itself or with the request.
    /// </exception>
    /// <exception cref="GenerationException">The store of conversations is out of reach.</exception>
    public static async Task<OpenTurn> OpenAsync(
        ConversationCalls calls, RequestIdentity identity, ConversationId conversation, TemplateMessage[] own, CancellationToken cancellationToken)
    {
        Conversation stored = await OpenAsync(calls, identity, conversation, cancellationToken).ConfigureAwait(false);
        return new OpenTurn(calls, identity, conversation, stored.Turns.Length)
        {
            _own = own,
            Messages = [.. stored.Messages.Select(message => new TemplateMessage(message.Role, message.Content)), .. own],
        };
    }

    /// <summary>Takes in the next piece of the answer. Its reasoning is left out: models are not shown it again.</summary>
    public void Hear(TextDelta delta) => _answer.Append(delta.Content);

    /// <summary>Adds the turn; the answer has ended.</summary>
    /// <exception cref="RequestRejected">The conversation has gone, or another turn was faster; nothing was added.</exception>
    /// <exception cref="GenerationException">The store of conversations is out of reach; nobody knows whether it was added.</exception>
    public async Task StoreAsync(CancellationToken cancellationToken)
    {
        ConversationMessage[] messages =
        [
            .. _own.Select(message => new ConversationMessage(message.Role, message.Content)),
            new ConversationMessage("assistant", _answer.ToString()),
        ];
        var turn = new ConversationTurn(_identity.RequestId, messages);
        await _calls.AppendTurnAsync(_identity.Tenant, _conversation, turn, _number, cancellationToken).ConfigureAwait(false);
        _isStored = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isStored)
        {
            await _calls.AbandonTurnAsync(_identity.Tenant, _conversation, _identity.RequestId).ConfigureAwait(false);
        }
    }

    private static async Task<Conversation> OpenAsync(
        ConversationCalls calls, RequestIdentity identity, ConversationId conversation, CancellationToken cancellationToken)
    {
        try
        {
            return await calls.OpenTurnAsync(identity.Tenant, conversation, identity.RequestId, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the call that nobody waits for any more may still have opened it
            await calls.AbandonTurnAsync(identity.Tenant, conversation, identity.RequestId).ConfigureAwait(false);
            throw;
        }
    }
}
