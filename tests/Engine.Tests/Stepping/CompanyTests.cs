using System.Collections.Immutable;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

/// <summary>Tokens do not depend on who else is in the batch, on chunks, on slots, or on which engine began.</summary>
public sealed class CompanyTests
{
    private static readonly ModelShape Shape = FakeRunner.ShapeOf(slots: 16);

    private static readonly SamplingParameters[] Samplings =
    [
        SamplingParameters.Greedy,
        new() { RepetitionPenalty = 1.2f, PresencePenalty = 0.5f, FrequencyPenalty = 0.3f },
        new() { Temperature = 1, Seed = 7 },
        new() { Temperature = 0.7f, TopP = 0.92f, RepetitionPenalty = 1.2f, Seed = 11 },
        new() { Temperature = 1.3f, TopK = 5, MinP = 0.01f, Seed = ulong.MaxValue, LogitBias = ImmutableDictionary<int, float>.Empty.Add(3, 2) },
    ];

    private readonly GenerationRequest[] _requests =
    [
        .. Enumerable.Range(1, 60).Select(id => Requests.Of(id, promptLength: 1 + (id * 13 % 70), maxTokens: 2 + (id * 7 % 40), tenant: $"t{id % 3}") with
        {
            Sampling = Samplings[id % Samplings.Length],
        }),
    ];

    private readonly Dictionary<long, List<int>> _alone;

    public CompanyTests() => _alone = _requests.ToDictionary(request => request.Id, request => CoreDriver.Alone(request, Shape));

    [Fact]
    public void Generate_InBatchesOfSixteen_SameTokensAsAlone()
    {
        CoreDriver driver = new CoreDriver(Shape).Submit(_requests).RunToEnd();

        AssertAsAlone(driver);
        Assert.True(driver.Runner.Copies > 0, "no slot was ever moved");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Generate_ChunkedPrefill_SameTokensAsInOneRun(int chunk)
    {
        var options = new EngineOptions { PrefillChunk = chunk };

        AssertAsAlone(new CoreDriver(Shape, options).Submit(_requests).RunToEnd());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Generate_ChunksAndRowsInOneRun_SameTokensAsAlone(int chunk)
    {
        CoreDriver driver = new CoreDriver(Shape with { JoinsRuns = true }, new EngineOptions { PrefillChunk = chunk }).Submit(_requests).RunToEnd();

        AssertAsAlone(driver);
        Assert.True(driver.Runner.Joins > _requests.Length / 2, $"{driver.Runner.Joins} joined runs");
    }

    [Theory]
    [InlineData(120)]
    [InlineData(300)]
    public void Generate_PreemptedAndResumed_SameTokensAsAlone(int kvTokens)
    {
        CoreDriver driver = new CoreDriver(Shape, new EngineOptions { KvTokens = kvTokens }).Submit(_requests).RunToEnd();

        AssertAsAlone(driver);
        Assert.True(driver.Core.Preemptions > 5, $"{driver.Core.Preemptions} preemptions");
    }

    [Fact]
    public void Generate_OthersJoinAndAreCancelled_SameTokensAsAlone()
    {
        var driver = new CoreDriver(Shape);
        for (int i = 0; i < _requests.Length; i++)
        {
            driver.Submit(_requests[i], Requests.Of(1000 + i, promptLength: 1 + i, maxTokens: 100)).Steps(2);
            driver.Core.Inbox.Cancel(1000 + i - 5);
        }

        AssertAsAlone(driver.RunToEnd());
    }

    [Fact]
    public void Generate_ContinuedElsewhere_SameTokensAsUndisturbed()
    {
        GenerationRequest[] continued = [.. _requests.Select(request => request.ContinuedAfter(_alone[request.Id].Take(_alone[request.Id].Count / 2)))];

        CoreDriver driver = new CoreDriver(Shape).Submit(continued).RunToEnd();

        Assert.All(continued, request => Assert.Equal(_alone[request.Id], [.. request.EmittedIds, .. driver.Recorder[request.Id].Ids]));
    }

    [Fact]
    public void Generate_DifferentSeeds_DifferentTokens()
    {
        GenerationRequest request = Requests.Of(1, maxTokens: 30) with { Sampling = new() { Temperature = 1, Seed = 1 } };
        GenerationRequest reseeded = request with { Sampling = new() { Temperature = 1, Seed = 2 } };

        Assert.NotEqual(CoreDriver.Alone(request), CoreDriver.Alone(reseeded));
    }

    private void AssertAsAlone(CoreDriver driver) =>
        Assert.All(_requests, request => Assert.Equal(_alone[request.Id], driver.Recorder[request.Id].Ids));
}
