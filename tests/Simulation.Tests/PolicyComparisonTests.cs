using DeepSeekOrleans.Simulation.Workers;
using DeepSeekOrleans.Simulation.Workload;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Simulation.Tests;

/// <summary>The comparison in short: the first ten minutes of the traces. The whole of it is in the simulation's README.</summary>
public sealed class PolicyComparisonTests
{
    [SharedDataFact]
    public void Mooncake_EightWorkers_PrefixAwareComputesLessAndAnswersSooner()
    {
        Trace trace = MooncakeTrace.Read(SharedData.Path(MooncakeTrace.File)).First(600).AtRate(4);

        RunMeasurements aware = Run(trace, Policies.PrefixAware);
        RunMeasurements turns = Run(trace, Policies.RoundRobin);
        RunMeasurements two = Run(trace, Policies.PowerOfTwo);

        Assert.Equal((trace.Requests.Length, 0), (aware.Requests, aware.Refusals));
        Assert.True(aware.HitRate > 2 * turns.HitRate, $"hit rates {aware.HitRate:P1} and {turns.HitRate:P1}");
        Assert.True(aware.MeanFirstToken < turns.MeanFirstToken && aware.MeanFirstToken < two.MeanFirstToken,
            $"mean TTFT {aware.MeanFirstToken:F2}, round robin {turns.MeanFirstToken:F2}, power of two {two.MeanFirstToken:F2}");
        Assert.InRange(aware.Imbalance, 1, 1.5);
    }

    [SharedDataFact]
    public void ServeGen_NoSharedPrefixes_PrefixAwareBalancesNoWorseThanRoundRobin()
    {
        Trace trace = ServeGenTrace.Draw(SharedData.Path(ServeGenTrace.File), seconds: 300, seed: 1);

        RunMeasurements aware = Run(trace, Policies.PrefixAware);
        RunMeasurements turns = Run(trace, Policies.RoundRobin);

        Assert.Equal(0, aware.HitRate);
        Assert.True(aware.MeanFirstToken <= turns.MeanFirstToken, $"mean TTFT {aware.MeanFirstToken:F3} and {turns.MeanFirstToken:F3}");
    }

    [SharedDataFact]
    public void Run_SameSeed_GivesTheSameFigures()
    {
        Trace trace = MooncakeTrace.Read(SharedData.Path(MooncakeTrace.File)).First(120).ForWorkers(16, seed: 2);

        RunMeasurements first = Run(trace, Policies.PrefixAware);
        RunMeasurements second = Run(trace, Policies.PrefixAware);

        Assert.Equal((first.MeanFirstToken, first.HitRate, first.Imbalance), (second.MeanFirstToken, second.HitRate, second.Imbalance));
    }

    private static RunMeasurements Run(Trace trace, string policy) =>
        new ClusterSimulation(trace, WorkerCosts.R1OnEightH200, Policies.Create(policy, seed: 1)).Run();
}
