using System.Globalization;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Benchmarks.Cluster;

/// <summary>
/// Two clusters of three silo processes each, with the demo model: one routes by prefix, the other takes its silos in turn. Both are
/// asked the same conversations, one after the other.
/// </summary>
internal static class ClusterBenchmark
{
    private const int Rounds = 5;

    public static async Task RunAsync(TextWriter output)
    {
        await using ClusterProcess aware = await StartAsync(RoutingPolicy.PrefixAware);
        await using ClusterProcess turns = await StartAsync(RoutingPolicy.RoundRobin);
        await MeasureAsync(aware, round: 0);
        await MeasureAsync(turns, round: 0);
        List<RoundResult> byPrefix = [];
        List<RoundResult> inTurn = [];
        for (int round = 1; round <= Rounds; round++)
        {
            byPrefix.Add(await MeasureAsync(aware, round));
            inTurn.Add(await MeasureAsync(turns, round));
            await output.WriteLineAsync(Invariant(
                $"round {round}: first token median {Milliseconds(byPrefix[^1], 0.5):F0} and {Milliseconds(inTurn[^1], 0.5):F0} ms, computed {byPrefix[^1].ComputedTokens} and {inTurn[^1].ComputedTokens} prompt tokens"));
        }

        int requests = ConversationRound.Users * ConversationRound.Turns;
        await output.WriteLineAsync(Invariant(
            $"\nmedians of {Rounds} rounds of {requests} requests; {Environment.ProcessorCount} processors, {await LoadAsync()} busy or waiting in the last minute, this run included\n"));
        await output.WriteLineAsync("| | prefix-aware | round robin | ratio |\n|---|---|---|---|");
        await WriteAsync(output, "time to first token, p50", " ms", byPrefix, inTurn, result => Milliseconds(result, 0.5));
        await WriteAsync(output, "time to first token, p90", " ms", byPrefix, inTurn, result => Milliseconds(result, 0.9));
        await WriteAsync(output, "prompt tokens computed", "", byPrefix, inTurn, result => result.ComputedTokens);
        await WriteAsync(output, "prompt tokens computed, of all", " %", byPrefix, inTurn, result => 100.0 * result.ComputedTokens / result.PromptTokens);
        await output.WriteLineAsync(Invariant($"| busiest silo, of the mean | {await BusiestAsync(aware):F2} | {await BusiestAsync(turns):F2} | |"));
    }

    private static Task<ClusterProcess> StartAsync(RoutingPolicy policy) => ClusterProcess.StartAsync(
        new Dictionary<string, string> { [$"DEEPSEEK_{RoutingOptions.Section}__{nameof(RoutingOptions.Policy)}"] = $"{policy}" },
        "--silos", "3", "--slots", "8");

    private static async Task<RoundResult> MeasureAsync(ClusterProcess cluster, int round)
    {
        using HttpClient http = new() { BaseAddress = cluster.Http, Timeout = TimeSpan.FromMinutes(2) };
        return await new ConversationRound(http, cluster.Model, round).RunAsync();
    }

    private static double Milliseconds(RoundResult result, double share) => 1_000 * Quantile.Of(result.FirstToken, share);

    private static Task WriteAsync(
        TextWriter output, string name, string unit, List<RoundResult> byPrefix, List<RoundResult> inTurn, Func<RoundResult, double> figure)
    {
        double left = Quantile.Of(byPrefix.Select(figure), 0.5);
        double right = Quantile.Of(inTurn.Select(figure), 0.5);
        return output.WriteLineAsync(Invariant($"| {name} | {left:N0}{unit} | {right:N0}{unit} | {right / left:F1} |"));
    }

    /// <summary>Requests of the silo that got the most, divided by their mean.</summary>
    private static async Task<double> BusiestAsync(ClusterProcess cluster)
    {
        CommandResult silos = await CommandLine.DeepSeekAsync("", "ps", "--json", "--port", $"{cluster.Http.Port}");
        double[] begun = [.. JsonNode.Parse(silos.Output)!.AsArray().Select(silo => (double)silo!["streams_begun"]!)];
        return begun.Max() / begun.Average();
    }

    private static async Task<string> LoadAsync() =>
        File.Exists("/proc/loadavg") ? (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0] : "an unknown number";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
