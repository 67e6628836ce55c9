using System.Collections.Concurrent;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>The router and the workers' reports together: real engines, real grains.</summary>
public sealed class PrefixRoutingTests
{
    private const int MaxTokens = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Begin_PromptThatAWorkerHolds_GoesToItsHolder()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 3, new EngineRoom());
        Dictionary<int, WorkerKey> holders = [];
        foreach (int conversation in Enumerable.Range(1, 6))
        {
            holders[conversation] = await AnswerAsync(cluster, conversation);
            await UntilHeldAsync(cluster, conversation, holders[conversation]);
        }

        foreach ((int conversation, WorkerKey holder) in holders)
        {
            Assert.Equal(holder, await AnswerAsync(cluster, conversation));
        }
    }

    [Fact]
    public async Task Begin_HolderIsBusy_GoesElsewhere()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());
        WorkerKey holder = await AnswerAsync(cluster, conversation: 1);
        await UntilHeldAsync(cluster, 1, holder);
        cluster.Engines.Hold();

        Dispatch[] dispatched = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => BeginAsync(cluster, conversation: 1)));

        int onHolder = dispatched.Count(dispatch => dispatch.Worker == holder);
        Assert.InRange(onHolder, 6, 8);
    }

    [Fact]
    public async Task Begin_HolderWasKilled_GoesToTheOtherAndStaysThere()
    {
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 2, new EngineRoom());
        WorkerKey holder = await AnswerAsync(cluster, conversation: 1);
        await UntilHeldAsync(cluster, 1, holder);

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos.Single(silo => silo.Name == holder.Silo));
        await DropAsync(cluster, holder);
        WorkerKey next = await AnswerAsync(cluster, conversation: 1);
        await UntilHeldAsync(cluster, 1, next);

        Assert.NotEqual(holder, next);
        Assert.Equal(next, await AnswerAsync(cluster, conversation: 1));
    }

    [Fact]
    public async Task Begin_EngineWasBuiltAnew_ForgetsWhatItHeldAndLearnsWhatItHolds()
    {
        var breaks = new ConcurrentDictionary<string, bool>();
        await using ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(silos: 1, new EngineRoom
        {
            Prepare = (silo, runner) =>
            {
                Action run = runner.BeforeRun!;
                runner.BeforeRun = () =>
                {
                    run();
                    if (breaks.TryRemove(silo, out _))
                    {
                        throw new InvalidOperationException("the device is lost");
                    }
                };
            },
        });
        WorkerKey worker = await AnswerAsync(cluster, conversation: 1);
        await UntilHeldAsync(cluster, 1, worker);

        breaks[worker.Silo] = true;
        await AnswerAsync(cluster, conversation: 2);
        await UntilHeldAsync(cluster, 2, worker);

        Assert.Equal(0, await CachedTokensAsync(cluster, conversation: 1));
    }

    private static int[] PromptOf(int conversation) => [.. Enumerable.Range(0, 200).Select(i => 1 + ((i * conversation) % 89))];

    private static async Task<Dispatch> BeginAsync(ClusterUnderTest cluster, int conversation)
    {
        SessionRequest request = cluster.NewRequest() with
        {
            PromptTokens = 200,
            PrefixChain = PrefixChain.Compute("local", PromptOf(conversation)),
        };
        Dispatch dispatch = await cluster.NewSession().BeginAsync(request);
        Assert.Equal(DispatchKind.Run, dispatch.Kind);
        return dispatch;
    }

    /// <summary>Has the conversation's prompt answered, and says by whom.</summary>
    private static async Task<WorkerKey> AnswerAsync(ClusterUnderTest cluster, int conversation)
    {
        Dispatch dispatch = await BeginAsync(cluster, conversation);
        GenerationOrder order = ClusterUnderTest.OrderOf(dispatch.Attempt.StreamId, MaxTokens) with { PromptIds = PromptOf(conversation) };
        Assert.Equal(StartReply.Admitted, await cluster.StartAsync(dispatch, order));
        Assert.Equal(StreamFinish.Length, (await cluster.EndAsync(dispatch).WaitAsync(Limit)).Finish);
        await CompleteAsync(cluster, dispatch, answered: true);
        return dispatch.Worker;
    }

    private static Task CompleteAsync(ClusterUnderTest cluster, Dispatch dispatch, bool answered) =>
        cluster.NewSession().CompleteAsync(new Completion
        {
            Attempt = dispatch.Attempt,
            Model = ClusterUnderTest.Model,
            Worker = dispatch.Worker,
            WorkerAnswered = answered,
        });

    /// <summary>What the router believes that the worker it chooses holds of the conversation's prompt.</summary>
    private static async Task<int> CachedTokensAsync(ClusterUnderTest cluster, int conversation)
    {
        Dispatch dispatch = await BeginAsync(cluster, conversation);
        await CompleteAsync(cluster, dispatch, answered: true);
        return dispatch.CachedTokens;
    }

    /// <summary>Waits for the worker's report, which comes each second, to arrive.</summary>
    private static async Task UntilHeldAsync(ClusterUnderTest cluster, int conversation, WorkerKey holder)
    {
        using var limit = new CancellationTokenSource(Limit);
        int held;
        do
        {
            held = await CachedTokensAsync(cluster, conversation);
            Assert.False(limit.IsCancellationRequested, $"after {Limit} the router knows {held} tokens of conversation {conversation} on {holder}");
        }
        while (held < 128);
    }

    /// <summary>Frontends that cannot reach a worker say so; its silo may still be in the membership by then.</summary>
    private static async Task DropAsync(ClusterUnderTest cluster, WorkerKey lost)
    {
        Dispatch dispatch;
        while ((dispatch = await BeginAsync(cluster, conversation: 1)).Worker == lost)
        {
            await CompleteAsync(cluster, dispatch, answered: false);
        }

        await CompleteAsync(cluster, dispatch, answered: true);
    }
}
