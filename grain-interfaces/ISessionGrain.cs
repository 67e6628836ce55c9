namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>The control plane of one conversation. The key is <c>{tenant}/{session}</c>; tokens never pass through it.</summary>
/// <remarks>A conversation may also be stored; then its session is its id, and one turn of it is under way at a time.</remarks>
[Alias("deepseek.ISessionGrain")]
public interface ISessionGrain : IGrainWithStringKey
{
    /// <summary>Decides where a request runs, or that its answer is already known.</summary>
    [ResponseTimeout("00:00:05")]
    Task<Dispatch> BeginAsync(SessionRequest request);

    /// <summary>Gives the booking back and, where the request allows it, keeps the answer for the next one like it.</summary>
    [ResponseTimeout("00:00:05")]
    Task CompleteAsync(Completion completion);

    /// <summary>Stores a new conversation under this key. May be repeated.</summary>
    [ResponseTimeout("00:00:05")]
    Task<ConversationReply> CreateConversationAsync(Conversation conversation);

    [ResponseTimeout("00:00:05")]
    Task<ConversationReply> ReadConversationAsync();

    [ResponseTimeout("00:00:05")]
    Task<ConversationReply> DeleteConversationAsync();

    /// <summary>
    /// Reads the conversation and holds it for a turn: another one is refused until this one is appended or abandoned, or has held it
    /// for too long. May be repeated.
    /// </summary>
    [ResponseTimeout("00:00:05")]
    Task<ConversationReply> OpenTurnAsync(string turnId);

    /// <summary>Stores a turn, unless it is stored already; it is refused when it does not follow the turns that it has seen.</summary>
    /// <param name="turn">The messages of the request, and the answer.</param>
    /// <param name="number">How many turns there were when it was opened.</param>
    [ResponseTimeout("00:00:05")]
    Task<ConversationReply> AppendTurnAsync(ConversationTurn turn, int number);

    /// <summary>Lets the conversation go without a turn.</summary>
    [ResponseTimeout("00:00:05")]
    Task AbandonTurnAsync(string turnId);
}
