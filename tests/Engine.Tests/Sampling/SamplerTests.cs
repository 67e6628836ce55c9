using System.Collections.Immutable;
using DeepSeekOrleans.Engine.Sampling;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    private const int Vocabulary = 40;

    private readonly Sampler _sampler = new(Vocabulary);

    public static TheoryData<SamplingParameters> Distributions =>
    [
        new() { Temperature = 1 },
        new() { Temperature = 0.7f },
        new() { Temperature = 2 },
        new() { Temperature = 1, TopK = 5 },
        new() { Temperature = 0.7f, TopP = 0.92f },
        new() { Temperature = 1, MinP = 0.1f },
        new() { Temperature = 1.5f, TopK = 20, TopP = 0.8f, MinP = 0.02f },
    ];

    [Theory]
    [MemberData(nameof(Distributions))]
    public void Sample_ManyDraws_FollowsTheDistribution(SamplingParameters sampling)
    {
        const int Draws = 50_000;
        float[] logits = RandomLogits(3);
        double[] expected = ReferenceSampling.Probabilities(logits, sampling);
        int[] counts = new int[Vocabulary];
        for (int position = 0; position < Draws; position++)
        {
            counts[_sampler.Sample([.. logits], sampling, null, position)]++;
        }

        double chiSquare = 0;
        int degrees = -1;
        for (int id = 0; id < Vocabulary; id++)
        {
            Assert.True(expected[id] > 0 || counts[id] == 0, $"token {id} was excluded and drawn {counts[id]} times");
            if (expected[id] > 0)
            {
                degrees++;
                chiSquare += Math.Pow(counts[id] - (expected[id] * Draws), 2) / (expected[id] * Draws);
            }
        }

        // Mean and standard deviation of chi-square are d and sqrt(2d); four of them are passed about once in ten thousand.
        Assert.InRange(chiSquare, 0, degrees + (4 * Math.Sqrt(2 * degrees)) + 4);
    }

    [Fact]
    public void Sample_Greedy_TakesTheLargestAndTheLowestIdOfEqualOnes()
    {
        float[] logits = RandomLogits(1);
        logits[30] = 50;
        logits[17] = 50;

        Assert.Equal(17, _sampler.Sample(logits, SamplingParameters.Greedy, null, 0));
    }

    [Fact]
    public void Sample_TinyTemperature_IsGreedy()
    {
        float[] logits = RandomLogits(2);
        var sampling = new SamplingParameters { Temperature = float.Epsilon };

        Assert.Equal(Array.IndexOf(logits, logits.Max()), _sampler.Sample([.. logits], sampling, null, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Sample_OneLogitNotANumber_ChoosesNone(float temperature)
    {
        float[] logits = RandomLogits(4);
        logits[33] = float.NaN;

        Assert.Equal(Sampler.NoToken, _sampler.Sample(logits, new() { Temperature = temperature }, null, 0));
    }

    [Theory]
    [InlineData(0, 1f)]
    [InlineData(0, 0.95f)]
    [InlineData(1000, 1f)]
    public void Sample_LogitsDifferInTheirLastBits_IsTheSameToken(int topK, float topP)
    {
        const int Draws = 5_000;
        SamplingParameters sampling = new() { Temperature = 1, TopK = topK, TopP = topP, Seed = 5 };
        var sampler = new Sampler(4096);
        var random = new Random(3);
        float[] logits = [.. Enumerable.Range(0, 4096).Select(_ => random.NextSingle())];

        // as two kernels leave them that add in another order: not each by chance, but with a tendency
        float[] other = [.. logits.Select((logit, token) => logit + (1e-5f * MathF.Sin(token / 500f)))];
        int different = 0;
        for (int position = 0; position < Draws; position++)
        {
            different += sampler.Sample([.. logits], sampling, null, position) == sampler.Sample([.. other], sampling, null, position) ? 0 : 1;
        }

        Assert.InRange(different, 0, 1);
    }

    [Fact]
    public void Sample_ExcludedTokens_AreNeverDrawn()
    {
        float[] logits = [.. Enumerable.Repeat(float.NegativeInfinity, Vocabulary)];
        logits[9] = -3;

        for (int position = 0; position < 100; position++)
        {
            Assert.Equal(9, _sampler.Sample([.. logits], new() { Temperature = 2 }, null, position));
        }
    }

    [Fact]
    public void Sample_SameSeedAndPosition_SameToken()
    {
        var sampling = new SamplingParameters { Temperature = 2, Seed = 99 };
        float[] logits = RandomLogits(5);

        IEnumerable<int> first = Enumerable.Range(0, 50).Select(position => _sampler.Sample([.. logits], sampling, null, position));
        IEnumerable<int> second = Enumerable.Range(0, 50).Select(position => new Sampler(Vocabulary).Sample([.. logits], sampling, null, position));

        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Fact]
    public void Apply_PenaltiesAndBias_AreThoseOfTheFormulas()
    {
        GenerationRequest request = Requests.Of(1) with
        {
            PromptIds = [1, 1, 2],
            EmittedIds = [2, 3],
            MaxTokens = 10,
            Sampling = new()
            {
                RepetitionPenalty = 1.2f,
                PresencePenalty = 0.5f,
                FrequencyPenalty = 0.25f,
                LogitBias = ImmutableDictionary<int, float>.Empty.Add(4, -100).Add(2, 1),
            },
        };
        LogitAdjustments adjustments = LogitAdjustments.For(request, Vocabulary)!;
        float[] logits = [10, 10, 11, -10, 10, 10];

        adjustments.Record(3);
        adjustments.Apply(logits);

        // 1: prompt only. 2: bias, prompt and once in the output. 3: twice in the output. 4: bias only. 0 and 5: untouched.
        float[] expected = [10, 10 / 1.2f, (12 / 1.2f) - 0.5f - 0.25f, (-10 * 1.2f) - 0.5f - 0.5f, -90, 10];
        Assert.Equal(expected, logits);
    }

    [Fact]
    public void For_NeutralParameters_HasNoAdjustments() => Assert.Null(LogitAdjustments.For(Requests.Of(1), Vocabulary));

    [Fact]
    public void Sample_ManyTokens_AllocatesNothing()
    {
        SamplingParameters sampling = new() { Temperature = 0.7f, TopP = 0.92f, TopK = 30, RepetitionPenalty = 1.2f, Seed = 5 };
        LogitAdjustments adjustments = LogitAdjustments.For(Requests.Of(1, maxTokens: 2000) with { Sampling = sampling, PromptIds = [1, 2, 3] }, Vocabulary)!;
        float[] source = RandomLogits(6);
        float[] logits = new float[Vocabulary];
        Draw(0);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int position = 1; position < 1000; position++)
        {
            Draw(position);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Draw(int position)
        {
            source.CopyTo(logits, 0);
            adjustments.Record(_sampler.Sample(logits, sampling, adjustments, position));
        }
    }

    private static float[] RandomLogits(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => (random.NextSingle() - 0.5f) * 6)];
    }
}
