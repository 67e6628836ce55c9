using System.Text.Json.Nodes;
using DeepSeekOrleans.TestKit;
using Xunit.Abstractions;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary>
/// A silo that comes to a cluster at work. Counted are the requests that each silo gets, because four silos on two cores say nothing of
/// its speed.
/// </summary>
[Collection(MovingStreamsTests.OneClusterAtATime)]
public sealed class JoiningSiloTests(ITestOutputHelper output)
{
    private const int Users = 24;

    // four of each user: far fewer than ten seconds bring on a machine of its own
    private const int Requests = 4 * Users;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [RedisFact]
    public async Task Add_SiloUnderLoad_HasItsShareOfTheNextRequestsAndNothingFails()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "3", "--slots", "4");
        await using ChattingUsers users = new(cluster.Http, Users);
        await users.AnswersAsync(Requests).WaitAsync(Limit);

        await SiloAsync(cluster, "add", "silo-4");
        double share = await ShareOfNextAsync("silo-4", cluster, users);

        Assert.True(users.Failures == 0, $"{users.Failures} requests failed: {users.LastFailure}");
        Assert.True(share >= 0.8, $"silo-4 got {share:P0} of its fair share");
    }

    [RedisFact]
    public async Task Add_KilledSiloComesBack_ConversationsDoNotStayWhereTheyHadGone()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "3", "--slots", "4");
        await using ChattingUsers users = new(cluster.Http, Users);
        await users.AnswersAsync(Users).WaitAsync(Limit);
        await SiloAsync(cluster, "kill", "silo-2");
        await users.AnswersAsync(Requests).WaitAsync(Limit);

        await SiloAsync(cluster, "add", "silo-2");
        double share = await ShareOfNextAsync("silo-2", cluster, users);

        Assert.True(share >= 0.8, $"silo-2 got {share:P0} of its fair share after it had come back");
    }

    /// <summary>Of the next requests, the part that the silo got, divided by the part that would be even.</summary>
    private async Task<double> ShareOfNextAsync(string silo, ClusterProcess cluster, ChattingUsers users)
    {
        Dictionary<string, int> before = await StreamsBegunAsync(cluster);
        await users.AnswersAsync(Requests).WaitAsync(Limit);
        Dictionary<string, int> after = await StreamsBegunAsync(cluster);
        double share = (double)(after[silo] - before[silo]) * after.Count / (after.Values.Sum() - before.Values.Sum());
        output.WriteLine($"{silo} got {share:P0} of its fair share of {after.Values.Sum() - before.Values.Sum()} requests");
        return share;
    }

    private static async Task<Dictionary<string, int>> StreamsBegunAsync(ClusterProcess cluster)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "ps", "--json", "--port", $"{cluster.Http.Port}");
        Assert.Equal(ExitCode.Ok, result.ExitCode);
        return JsonNode.Parse(result.Output)!.AsArray().ToDictionary(silo => $"{silo!["name"]}", silo => (int)silo!["streams_begun"]!);
    }

    private static async Task SiloAsync(ClusterProcess cluster, string verb, string silo)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "silo", verb, silo, "--port", $"{cluster.Http.Port}");
        Assert.True(result.ExitCode == ExitCode.Ok, result.Error);
    }
}
