using DeepSeekOrleans.Engine.Tests.Fakes;
using Xunit.Abstractions;

namespace DeepSeekOrleans.Engine.Tests.Scheduling;

/// <summary>What running streams notice of a long prompt, on machines of different kinds.</summary>
public sealed class InterTokenTests(ITestOutputHelper output)
{
    private const int Streams = 8;
    private const int LongPrompt = 2048;

    /// <summary>The first two follow tables of a 0.5B model on two cores (8-bit and fp32), the third has the proportions of a GPU.</summary>
    private static readonly Dictionary<string, Func<CostModel>> Machines = new()
    {
        ["weights of 8 bits"] = () => new(PrefillPass: 18, PromptToken: 0.95, Attention: 0.3, DecodePass: 24, Row: 1, Noise: 0.1),
        ["weights of 32 bits"] = () => new(PrefillPass: 110, PromptToken: 6.5, Attention: 1, DecodePass: 175, Row: 7, Noise: 0.1),
        ["an accelerator"] = () => new(PrefillPass: 4, PromptToken: 0.05, Attention: 0.02, DecodePass: 6, Row: 0.1, Noise: 0.1),
    };

    public static TheoryData<string> MachineNames => [.. Machines.Keys];

    [Theory]
    [MemberData(nameof(MachineNames))]
    public void Step_LongPromptArrives_OthersTokensComeAtMostTwiceAsFarApart(string machine)
    {
        Measured measured = Measure(Machines[machine](), new EngineOptions());

        output.WriteLine($"{machine}: {measured}");
        Assert.InRange(measured.Beside, 0, 2 * measured.Normal);
        Assert.True(measured.Steps < LongPrompt / 8, $"the prompt took {measured.Steps} steps");
    }

    [Theory]
    [MemberData(nameof(MachineNames))]
    public void Step_LongPromptArrivesAndRunsAreJoined_IsReadSoonerAtTheSameDistance(string machine)
    {
        Measured apart = Measure(Machines[machine](), new EngineOptions());
        Measured joined = Measure(Machines[machine](), new EngineOptions(), joinsRuns: true);

        output.WriteLine($"{machine}: apart {apart}, joined {joined}");
        Assert.InRange(joined.Beside, 0, 2 * joined.Normal);
        Assert.True(joined.Steps < 0.6 * apart.Steps, $"the prompt took {joined.Steps} steps, and {apart.Steps} apart");
    }

    [Theory]
    [MemberData(nameof(MachineNames))]
    public void Step_LongPromptArrivesWithoutAShare_StreamsStop(string machine)
    {
        Measured measured = Measure(Machines[machine](), new EngineOptions { PrefillShare = 100 });

        output.WriteLine($"{machine}: {measured}");
        Assert.True(measured.Beside > 2 * measured.Normal, "the share is not what keeps the streams going");
    }

    [Fact]
    public void Step_NobodyDecodes_ChunksAreWhole()
    {
        CoreDriver driver = Driver(Machines["weights of 8 bits"](), new EngineOptions());

        driver.Submit(Requests.Of(1, promptLength: LongPrompt)).Steps(LongPrompt / 256);

        Assert.Single(driver.Recorder[1].Ids);
    }

    [Fact]
    public void Step_ChunksCostMoreThanEver_ThePromptGetsOn()
    {
        CoreDriver driver = Driver(new CostModel(1000, 100, 0, 1, 0), new EngineOptions());
        driver.Submit([.. Enumerable.Range(1, Streams).Select(id => Requests.Of(id, promptLength: 1, maxTokens: 200))]).Steps(Streams + 1);

        driver.Submit(Requests.Of(99, promptLength: 8 * 20)).Steps(19);
        Assert.Empty(driver.Recorder[99].Ids);

        driver.Step();
        Assert.Single(driver.Recorder[99].Ids);
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(5, 20)]
    public void Step_FewStreamsBesideAPrompt_TakesTheWholeChunk(int streams, int steps)
    {
        CoreDriver driver = Driver(new CostModel(1000, 100, 0, 1, 0), new EngineOptions());
        driver.Submit([.. Enumerable.Range(1, streams).Select(id => Requests.Of(id, promptLength: 1, maxTokens: 200))]).Steps(streams + 1);

        driver.Submit(Requests.Of(99, promptLength: 8 * 20)).Steps(steps);

        Assert.Single(driver.Recorder[99].Ids);
    }

    private static Measured Measure(CostModel machine, EngineOptions options, bool joinsRuns = false)
    {
        CoreDriver driver = Driver(machine, options, joinsRuns);
        driver.Submit([.. Enumerable.Range(1, Streams).Select(id => Requests.Of(id, promptLength: 32, maxTokens: 1000))]);
        while (driver.Recorder.LastStep.Count < Streams)
        {
            driver.Step();
        }

        List<double> normal = Gaps(driver, () => driver.Core.Steps % 100 != 0);
        driver.Submit(Requests.Of(99, promptLength: LongPrompt, maxTokens: 2));
        List<double> beside = Gaps(driver, () => driver.Recorder[99].Ids.Count == 0);
        return new Measured(Percentile99(normal), Percentile99(beside), beside.Count);
    }

    private static CoreDriver Driver(CostModel machine, EngineOptions options, bool joinsRuns = false)
    {
        ModelShape shape = FakeRunner.ShapeOf(slots: Streams + 1, context: 4096, chunk: 256) with { JoinsRuns = joinsRuns };
        var driver = new CoreDriver(shape, options, machine);
        while (!driver.Core.WarmUp.IsDone)
        {
            driver.Core.WarmUp.RunNext();
        }

        return driver;
    }

    /// <summary>Every stream gets one token per step, so the time of a step is the distance of its tokens.</summary>
    private static List<double> Gaps(CoreDriver driver, Func<bool> goesOn)
    {
        List<double> gaps = [];
        do
        {
            DateTimeOffset before = driver.Time.GetUtcNow();
            driver.Step();
            gaps.Add((driver.Time.GetUtcNow() - before).TotalMilliseconds);
            Assert.True(driver.Recorder.LastStep.Count(token => token.SequenceId <= Streams) == Streams, "a stream was passed over");
        }
        while (goesOn());
        return gaps;
    }

    private static double Percentile99(List<double> values) => values.Order().ElementAt((int)Math.Ceiling(0.99 * values.Count) - 1);

    /// <summary>Milliseconds between a stream's tokens, 99th percentile, without and with the long prompt; the steps of the prompt.</summary>
    private sealed record Measured(double Normal, double Beside, int Steps);
}
