using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Tests.Admission;

public sealed class AnswerCachePolicyTests
{
    [Theory]
    [InlineData(0, null, null, true)]
    [InlineData(0, null, true, true)]
    [InlineData(0, null, false, false)]
    [InlineData(1, null, null, false)]
    [InlineData(1, null, true, false)]
    [InlineData(1, 7, null, false)]
    [InlineData(1, 7, true, true)]
    [InlineData(1, 7, false, false)]
    public void Keeps_OneAnswer_WhenTheSameRequestGetsTheSameAgain(float temperature, int? seed, bool? cache, bool keeps) =>
        Assert.Equal(keeps, AnswerCachePolicy.Keeps(Asked(seed, cache), Sampling(temperature), choices: 1));

    [Fact]
    public void Keeps_SeveralAnswers_IsFalse() =>
        Assert.False(AnswerCachePolicy.Keeps(Asked(seed: 7, cache: true), Sampling(0), choices: 2));

    [Fact]
    public void Keeps_ToolsOffered_IsFalse() =>
        Assert.False(AnswerCachePolicy.Keeps(Asked(seed: 7, cache: true) with { OffersTools = true }, Sampling(0), choices: 1));

    private static RequestedGeneration Asked(int? seed, bool? cache) => new() { Seed = seed, Cache = cache };

    private static SamplingOrder Sampling(float temperature) => new() { Temperature = temperature, Seed = 0 };
}
