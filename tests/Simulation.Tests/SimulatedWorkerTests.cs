using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Simulation.Workers;
using DeepSeekOrleans.Simulation.Workload;

namespace DeepSeekOrleans.Simulation.Tests;

/// <summary>Where the simulated engine has to do as ours does, because the figures depend on it.</summary>
public sealed class SimulatedWorkerTests
{
    private static readonly WorkerCosts Costs = WorkerCosts.R1OnEightH200;

    private readonly SimulatedWorker _worker = new(new WorkerKey("silo", "gpu", "model"), Costs, blockTokens: 512);
    private readonly List<SimulatedSequence> _ended = [];
    private double _now;
    private long _submitted;

    [Theory]
    [InlineData(1, 1.25, 1.6)]
    [InlineData(6, 2.0, 3.0)]
    public void Settle_PromptBesideStreams_TakesLongChunksUnlessStreamsPrevail(int streams, double least, double most)
    {
        for (int stream = 0; stream < streams; stream++)
        {
            RunToFirstToken(Submit(prompt: 10, output: 10_000));
        }

        double start = _now;
        RunToFirstToken(Submit(prompt: 20_480, output: 2));

        // alone it would take 1.1 s
        Assert.InRange(_now - start, least, most);
    }

    [Fact]
    public void Report_PromptThatWaitsHoldsItsPrefix_CountsTheRest()
    {
        RunToFirstToken(Submit(prompt: 2_000, output: 1, 1, 2, 3));
        Submit(prompt: 50_000, output: 1);

        Submit(prompt: 2_000, output: 1, 1, 2, 3);

        Assert.Equal(50_000 + 2_000 - (3 * 512), _worker.Report().QueuedTokens);
    }

    [Fact]
    public void Submit_SamePromptIsHalfComputed_HoldsWhatIsComputed()
    {
        ulong[] blocks = [.. Enumerable.Range(1, 40).Select(block => (ulong)block)];
        Submit(prompt: 40 * 512, output: 1, blocks);
        _now = _worker.NextChange;
        _worker.Advance(_now);

        SimulatedSequence second = Submit(prompt: 40 * 512, output: 1, blocks);

        Assert.InRange(second.CachedTokens, 2_000, 10_240);
    }

    [Fact]
    public void Report_LongContext_TellsADearerTokenThanAShortOne()
    {
        RunToFirstToken(Submit(prompt: 4_096, output: 1));
        double plain = _worker.Report().PrefillCost;

        RunToFirstToken(Submit(prompt: 100_000, output: 1));

        Assert.True(_worker.Report().PrefillCost > 3 * plain, $"{_worker.Report().PrefillCost} after {plain}");
    }

    private SimulatedSequence Submit(int prompt, int output, params ulong[] blocks)
    {
        var sequence = new SimulatedSequence(new TracedRequest(_now, prompt, output, blocks), new Attempt("test", ++_submitted, 1));
        Assert.True(_worker.Submit(sequence, _now));
        return sequence;
    }

    private void RunToFirstToken(SimulatedSequence sequence)
    {
        while (double.IsNaN(sequence.FirstTokenAt))
        {
            _now = _worker.NextChange;
            _worker.Advance(_now);
            _worker.Settle(_ended);
        }
    }
}
