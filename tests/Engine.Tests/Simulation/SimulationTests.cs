using System.Globalization;
using Xunit.Abstractions;

namespace DeepSeekOrleans.Engine.Tests.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Steps = 500;
    private const string OneSeed = "DEEPSEEK_ENGINE_SEED";
    private const string SeedCount = "DEEPSEEK_ENGINE_SEEDS";

    /// <summary>Set <c>DEEPSEEK_ENGINE_SEED</c> to replay one seed, <c>DEEPSEEK_ENGINE_SEEDS</c> to run more of them.</summary>
    [Fact]
    public void R15_RandomArrivalsCancelsAndFaults_InvariantsHoldAfterEveryStep()
    {
        int first = Setting(OneSeed) ?? 1;
        int count = Setting(OneSeed) is null ? Setting(SeedCount) ?? 2_000 : 1;
        var totals = new Totals();
        for (int seed = first; seed < first + count; seed++)
        {
            totals.Add(Replay(seed));
        }

        output.WriteLine(totals.ToString());
        Assert.True(count == 1 || totals.IsWorthIt(count), $"the simulation hardly simulated anything: {totals}");
    }

    private static EngineSimulation Replay(int seed)
    {
        var simulation = new EngineSimulation(seed);
        try
        {
            simulation.Run(Steps);
        }
        catch (Exception failure)
        {
            Assert.Fail($"seed {seed}, step {simulation.StepsDone}: {failure.Message}\nreplay with {OneSeed}={seed}\n{failure}");
        }

        return simulation;
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private sealed record Totals
    {
        public long Steps { get; private set; }

        public long Finished { get; private set; }

        public long Reused { get; private set; }

        public long Preempted { get; private set; }

        public long Late { get; private set; }

        public long Refused { get; private set; }

        public long Cancelled { get; private set; }

        public long Faulted { get; private set; }

        public long DevicesBlamed { get; private set; }

        public long Accepted { get; private set; }

        public long Rejected { get; private set; }

        public void Add(EngineSimulation simulation)
        {
            Steps += simulation.StepsDone;
            Finished += simulation.Finished;
            Reused += simulation.Reused;
            Preempted += simulation.Preempted;
            Late += simulation.Late;
            Refused += simulation.Unhappy.Refused;
            Cancelled += simulation.Unhappy.Cancelled;
            Faulted += simulation.Unhappy.Faulted;
            DevicesBlamed += simulation.DeviceBlamed ? 1 : 0;
            Accepted += simulation.Drafts.Accepted;
            Rejected += simulation.Drafts.Rejected;
        }

        /// <summary>Per seed: most of the steps, many whole sequences, and some of everything that can go wrong.</summary>
        public bool IsWorthIt(int seeds) =>
            Steps > 400L * seeds && Finished > 20L * seeds && Reused > 20L * seeds && Preempted > seeds && Late > seeds && Refused > seeds && Cancelled > seeds && Faulted > seeds && DevicesBlamed * 50 > seeds && Accepted > seeds && Rejected > seeds;
    }
}
