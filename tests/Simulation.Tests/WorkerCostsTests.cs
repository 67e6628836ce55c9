using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Simulation.Workers;
using DeepSeekOrleans.Simulation.Workload;

namespace DeepSeekOrleans.Simulation.Tests;

/// <summary>
/// The cost model against NVIDIA's published maximum throughput of Llama 3.3 70B FP8 on two H100 (TensorRT-LLM performance overview),
/// with batches as large as keys and values allow there.
/// </summary>
public sealed class WorkerCostsTests
{
    private readonly WorkerCosts _costs = WorkerCosts.DistillOnTwoH100;

    [Theory]
    [InlineData(2_048, 128, 762)]
    [InlineData(2_048, 2_048, 3_082)]
    [InlineData(5_000, 500, 898)]
    [InlineData(20_000, 2_000, 437)]
    [InlineData(1_000, 1_000, 4_205)]
    public void Throughput_PublishedShape_IsWithinAFifth(int input, int output, double published)
    {
        // as many rows as fit, and no more than a batch of 128
        int rows = Math.Min(_costs.KvTokens / (input + output), 128);
        double decode = _costs.DecodeRun(rows, rows * (input + (output / 2.0))) / rows;
        double request = (input * _costs.PrefillTokenAt(input / 2.0)) + (output * decode);

        Assert.InRange(output / request / published, 0.8, 1.2);
    }

    // 14,800 tokens/s on each node at 20 to 22 tokens/s for each user, with 4,989 positions on average (DeepSeek's inference system overview)
    [Fact]
    public void DecodeRun_R1AtItsPublishedSpeed_GivesItsPublishedThroughput()
    {
        int rows = (int)(14_800 / 21.0);

        Assert.InRange(rows / WorkerCosts.R1OnEightH200.DecodeRun(rows, rows * 4_989.0) / 14_800, 0.9, 1.1);
    }

    [Fact]
    public void Run_OneRequestAlone_TakesItsPrefillAndItsSteps()
    {
        var trace = new Trace("one", 512, 1, [new TracedRequest(1, 2_000, 100, [1, 2, 3])]);

        RunMeasurements run = new ClusterSimulation(trace, _costs, new RoundRobinPolicy()).Run();

        double prefill = 2_000 * _costs.PrefillTokenAt(1_000);
        Assert.InRange(run.FirstToken(1), prefill * 0.98, prefill * 1.05);
    }
}
