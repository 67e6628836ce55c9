using System.Collections.Concurrent;
using System.Threading.Channels;
using DeepSeekOrleans.Frontend.Tests.Admission;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Tests.Cluster;

/// <summary>What the scripted grains do, and what they have seen.</summary>
internal sealed class ClusterScript
{
    public static WorkerKey Worker { get; } = new("Silo_0", "cpu0", DemoModel.Name);

    /// <summary>What the scripted worker tells with the first token of each stream.</summary>
    public static StreamFacts Facts { get; } = new(CachedTokens: 2, "weights", "int8", "cpu");

    private readonly Channel<StartedStream> _started = Channel.CreateUnbounded<StartedStream>();
    private readonly Channel<Attempt> _cancelled = Channel.CreateUnbounded<Attempt>();
    private readonly Channel<Completion> _completed = Channel.CreateUnbounded<Completion>();
    private readonly Channel<string> _abandoned = Channel.CreateUnbounded<string>();

    /// <summary>The session grain's answer; null books <see cref="Worker"/>.</summary>
    public Func<SessionRequest, Dispatch>? Route { get; set; }

    /// <summary>The worker's answers in order; admitted when there is none left.</summary>
    public ConcurrentQueue<StartReply> Replies { get; } = new();

    /// <summary>What an admitted stream says at once; null leaves it to the test.</summary>
    public Func<GenerationOrder, ScriptedAnswer>? Answer { get; set; }

    /// <summary>What the silos speak.</summary>
    public ContractVersion Contract { get; set; } = ContractVersion.OfThisBuild;

    public WorkerStatus[] Workers { get; set; } = [Status(WorkerState.Ready)];

    public ConcurrentQueue<SessionRequest> Requests { get; } = new();

    /// <summary>The stored conversations by the key of their grain.</summary>
    public ConcurrentDictionary<string, Conversation> Conversations { get; } = [];

    /// <summary>How the next call of this name about a conversation fails; taken out by that call.</summary>
    public ConcurrentDictionary<string, ConversationOutcome> ConversationFailures { get; } = [];

    /// <summary>The turns that were let go without an answer.</summary>
    public Task<string> NextAbandonedTurnAsync() => NextAsync(_abandoned, "abandoned turn");

    public void OnAbandoned(string turnId) => _abandoned.Writer.TryWrite(turnId);

    /// <summary>Sends the request to <see cref="Worker"/>.</summary>
    public static Dispatch Run(SessionRequest request) => new()
    {
        Kind = DispatchKind.Run,
        Worker = Worker,
        Attempt = new Attempt(request.RequestId, request.StreamId, request.AttemptNumber),
    };

    public static WorkerStatus Status(WorkerState state) => new()
    {
        Worker = Worker,
        State = state,
        Number = 1,
        Running = 0,
        Waiting = 0,
        Slots = 4,
        QueueLimit = 4,
        ContextLength = DemoModel.ContextLength,
        ModelVersion = "",
    };

    public void OnStarted(Attempt attempt, GenerationOrder order) => _started.Writer.TryWrite(new StartedStream(attempt, order));

    public void OnCancelled(Attempt attempt) => _cancelled.Writer.TryWrite(attempt);

    public void OnCompleted(Completion completion) => _completed.Writer.TryWrite(completion);

    public Task<StartedStream> NextStartAsync() => NextAsync(_started, "start");

    public Task<Attempt> NextCancellationAsync() => NextAsync(_cancelled, "cancellation");

    /// <summary>Cancellations that no test has asked for yet.</summary>
    public int Cancellations => _cancelled.Reader.Count;

    public Task<Completion> NextCompletionAsync() => NextAsync(_completed, "completion");

    private async Task<T> NextAsync<T>(Channel<T> channel, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            return await channel.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"no {what} came; requests so far: {Requests.Count}, replies left: {Replies.Count}");
        }
    }
}

internal sealed record StartedStream(Attempt Attempt, GenerationOrder Order);

/// <param name="Ids">One message each.</param>
internal sealed record ScriptedAnswer(int[] Ids, StreamFinish Finish);
