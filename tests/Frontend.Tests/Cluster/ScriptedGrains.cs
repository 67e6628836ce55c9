using DeepSeekOrleans.GrainInterfaces;
using Orleans.Concurrency;

namespace DeepSeekOrleans.Frontend.Tests.Cluster;

/// <summary>Lets a test speak as a worker.</summary>
public interface IScriptedWorkerGrain : IGrainWithStringKey
{
    /// <summary>Sends the next tokens of a stream, and its end.</summary>
    Task SpeakAsync(long streamId, int[] ids, StreamFinish? finish);

    /// <summary>Sends tokens of an attempt that is over.</summary>
    Task SpeakAsAsync(Attempt attempt, int firstIndex, int[] ids);

    /// <summary>Counts a message that never arrives.</summary>
    Task LoseMessageAsync();
}

[Reentrant]
internal sealed class ScriptedWorkerGrain(ClusterScript script) : Grain, IGpuWorkerGrain, IScriptedWorkerGrain
{
    private readonly Dictionary<long, (Attempt Attempt, ITokenObserver Observer, int Next)> _streams = [];
    private long _number;

    public Task<WorkerStatus> LoadAsync(CancellationToken cancellationToken) => GetStatusAsync();

    public async Task<StartReply> StartAsync(Attempt attempt, GenerationOrder order, ITokenObserver observer)
    {
        StartReply reply = script.Replies.TryDequeue(out StartReply scripted) ? scripted : StartReply.Admitted;
        if (reply == StartReply.Admitted)
        {
            _streams[attempt.StreamId] = (attempt, observer, order.EmittedIds.Length);
            script.OnStarted(attempt, order);
            if (script.Answer?.Invoke(order) is { } answer)
            {
                await AnswerAsync(attempt.StreamId, answer);
            }
        }

        return reply;
    }

    public Task CancelAsync(Attempt attempt)
    {
        script.OnCancelled(attempt);
        return Task.CompletedTask;
    }

    public Task<WorkerStatus> GetStatusAsync() => Task.FromResult(ClusterScript.Status(WorkerState.Ready));

    public async Task SpeakAsync(long streamId, int[] ids, StreamFinish? finish)
    {
        (Attempt attempt, ITokenObserver observer, int next) = _streams[streamId];
        _streams[streamId] = (attempt, observer, next + ids.Length);
        await SendAsync(observer, new StreamDelta(streamId, attempt.Number, next, ids, finish, next == 0 ? ClusterScript.Facts : null));
    }

    public Task SpeakAsAsync(Attempt attempt, int firstIndex, int[] ids) =>
        SendAsync(_streams[attempt.StreamId].Observer, new StreamDelta(attempt.StreamId, attempt.Number, firstIndex, ids, null));

    public Task LoseMessageAsync()
    {
        _number++;
        return Task.CompletedTask;
    }

    private Task SendAsync(ITokenObserver observer, StreamDelta delta) =>
        observer.OnTokensAsync(new TokenBatch { Worker = ClusterScript.Worker, Epoch = 1, Number = ++_number, Deltas = [delta] });

    private async Task AnswerAsync(long streamId, ScriptedAnswer answer)
    {
        for (int i = 0; i < answer.Ids.Length; i++)
        {
            StreamFinish? finish = i == answer.Ids.Length - 1 ? answer.Finish : null;
            await SpeakAsync(streamId, [answer.Ids[i]], finish);
        }
    }
}

[Reentrant]
internal sealed class ScriptedSessionGrain(ClusterScript script) : Grain, ISessionGrain
{
    public Task<Dispatch> BeginAsync(SessionRequest request)
    {
        script.Requests.Enqueue(request);
        return Task.FromResult(script.Route?.Invoke(request) ?? ClusterScript.Run(request));
    }

    public Task CompleteAsync(Completion completion)
    {
        script.OnCompleted(completion);
        return Task.CompletedTask;
    }

    public Task<ConversationReply> CreateConversationAsync(Conversation conversation) =>
        ReplyAsync("create", () => script.Conversations[this.GetPrimaryKeyString()] = conversation);

    public Task<ConversationReply> ReadConversationAsync() => ReplyAsync("read");

    public Task<ConversationReply> DeleteConversationAsync()
    {
        Task<ConversationReply> reply = ReplyAsync("delete");
        script.Conversations.TryRemove(this.GetPrimaryKeyString(), out _);
        return reply;
    }

    public Task<ConversationReply> OpenTurnAsync(string turnId) => ReplyAsync("open");

    public Task<ConversationReply> AppendTurnAsync(ConversationTurn turn, int number) => ReplyAsync("append", () =>
    {
        Conversation known = script.Conversations[this.GetPrimaryKeyString()];
        script.Conversations[this.GetPrimaryKeyString()] = known with { Turns = [.. known.Turns, turn] };
    });

    public Task AbandonTurnAsync(string turnId)
    {
        script.OnAbandoned(turnId);
        return Task.CompletedTask;
    }

    private Task<ConversationReply> ReplyAsync(string call, Action? act = null)
    {
        if (script.ConversationFailures.TryRemove(call, out ConversationOutcome failure))
        {
            return Task.FromResult(new ConversationReply { Outcome = failure, RetryAfter = TimeSpan.FromSeconds(3) });
        }

        act?.Invoke();
        Conversation? conversation = script.Conversations.GetValueOrDefault(this.GetPrimaryKeyString());
        return Task.FromResult(new ConversationReply
        {
            Outcome = conversation is null ? ConversationOutcome.Unknown : ConversationOutcome.Done,
            Conversation = conversation,
        });
    }
}

internal sealed class ScriptedRouterGrain(ClusterScript script) : Grain, IPromptCacheGrain
{
    public Task<Dispatch> RouteAsync(SessionRequest request, int attemptNumber) => throw new NotSupportedException("the session grain answers");

    public Task CompleteAsync(Completion completion) => throw new NotSupportedException("the session grain answers");

    public Task ReportAsync(WorkerStatus status) => Task.CompletedTask;

    public Task<long> ReportPrefixesAsync(PrefixReport report) => Task.FromResult(report.UpTo);

    public Task<bool> PurgeAnswerAsync(AnswerKey key) => throw new NotSupportedException("no answer is kept");

    public Task<bool> PurgeAnswersAsync(AnswerScope scope) => throw new NotSupportedException("no answer is kept");

    public Task<WorkerStatus[]> GetWorkersAsync() => Task.FromResult(script.Workers);
}

internal sealed class ScriptedContractGrain(ClusterScript script) : Grain, IContractGrain
{
    public Task<int> ReadVersionAsync() => Task.FromResult(script.Contract.Number);
}
