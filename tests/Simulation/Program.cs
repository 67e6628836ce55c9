using System.Globalization;
using DeepSeekOrleans.Simulation.Reporting;
using DeepSeekOrleans.Simulation.Workers;
using DeepSeekOrleans.Simulation.Workload;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Simulation;

internal static class Program
{
    private const string Usage = "usage: dotnet run -c Release --project tests/Simulation -- mooncake | servegen  [--setup r1|distill] [--workers 8,64,512,4096] [--svg FILE]\n       ... -- routing [WORKERS]";

    // what the authors of the Mooncake trace allow nine of ten first tokens to take
    private const double FirstTokenSeconds = 30;

    // beyond this many workers the throughput is not searched for, because one run takes a minute
    private const int LargestSearch = 64;

    public static int Main(string[] args)
    {
        if (args is ["routing", .. var number])
        {
            WriteRoutingCosts(number is [var workers] ? int.Parse(workers, CultureInfo.InvariantCulture) : 4_096);
            return 0;
        }

        if (args is not [("mooncake" or "servegen") and var name, .. string[] options] || options.Length % 2 != 0)
        {
            Console.Error.WriteLine(Usage);
            return 64;
        }

        Dictionary<string, string> values = options.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
        int[] sizes = [.. values.GetValueOrDefault("--workers", "8,64,512,4096").Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        WorkerCosts costs = values.GetValueOrDefault("--setup", "r1") == "r1" ? WorkerCosts.R1OnEightH200 : WorkerCosts.DistillOnTwoH100;
        Trace trace = name == "mooncake"
            ? MooncakeTrace.Read(SharedData.Path(MooncakeTrace.File))
            : ServeGenTrace.Draw(SharedData.Path(ServeGenTrace.File), seconds: 1_800, seed: 1);
        var search = new SloSearch(costs, FirstTokenSeconds);
        double factor = search.Find(trace, Policies.RoundRobin).Factor;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{trace.Name}: {trace.Requests.Length:N0} requests, {trace.Rate:F2}/s for {trace.Workers} workers; run at {factor:F2} times that rate, where round robin just meets {FirstTokenSeconds} s for nine of ten\n"));
        List<PolicyResult> results = [.. sizes.SelectMany(size => Compare(trace, size, factor, costs, search))];
        ResultTable.Write(Console.Out, FirstTokenSeconds, results);
        if (values.TryGetValue("--svg", out string? file))
        {
            File.WriteAllText(file, Plot(trace.Name, results));
        }

        return 0;
    }

    /// <summary>Several rounds, because the machine does other things meanwhile.</summary>
    private static void WriteRoutingCosts(int workers)
    {
        Trace trace = MooncakeTrace.Read(SharedData.Path(MooncakeTrace.File)).First(120).ForWorkers(workers, seed: 1);
        for (int round = 1; round <= 3; round++)
        {
            foreach (string policy in Policies.All)
            {
                (double median, double mean) = new RoutingCost(trace, Policies.Create(policy, seed: 1)).Measure();
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{workers:N0} workers, round {round}, {policy}: median {median:F1}, mean {mean:F1} µs of processor time for each request"));
            }
        }
    }

    private static IEnumerable<PolicyResult> Compare(Trace trace, int workers, double factor, WorkerCosts costs, SloSearch search)
    {
        Trace scaled = trace.First(SecondsFor(workers, trace)).ForWorkers(workers, seed: 1);
        Trace hurried = scaled.AtRate(factor);
        double infinite = scaled.InfiniteCacheHitRate();
        foreach (string policy in Policies.All)
        {
            RunMeasurements run = new ClusterSimulation(hurried, costs, Policies.Create(policy, seed: 1)).Run();
            double? perSecond = workers <= LargestSearch ? search.Find(scaled, policy).PerSecond : null;
            yield return new PolicyResult(policy, workers, perSecond, run, infinite);
            Console.Error.WriteLine($"{workers} workers, {policy}: done");
        }
    }

    /// <summary>The whole trace for few workers, and so much of it for many that a run has no more than some hundred thousand requests.</summary>
    private static double SecondsFor(int workers, Trace trace) => workers <= LargestSearch
        ? double.PositiveInfinity
        : 500_000 / (trace.Rate * workers / trace.Workers);

    private static string Plot(string name, IReadOnlyList<PolicyResult> results)
    {
        List<BarGroup> groups = [];
        foreach (IGrouping<int, PolicyResult> size in results.GroupBy(result => result.Workers))
        {
            if (size.All(result => result.PerSecond is not null))
            {
                groups.Add(Group($"{size.Key:N0} workers: throughput within the objective, more is better", "requests/s", size, result => result.PerSecond!.Value));
            }

            groups.Add(Group($"{size.Key:N0} workers: mean time to first token, less is better", "s", size, result => result.Run.MeanFirstToken));
            groups.Add(Group($"{size.Key:N0} workers: prompt tokens that were held already, more is better", "%", size, result => 100 * result.Run.HitRate));
        }

        return SvgBars.Draw($"Routing policies on {name}", groups);
    }

    private static BarGroup Group(string title, string unit, IEnumerable<PolicyResult> results, Func<PolicyResult, double> value) =>
        new(title, unit, [.. results.Select(result => (result.Policy, value(result)))]);
}
