using DeepSeekOrleans.Engine.Sampling;

namespace DeepSeekOrleans.Engine.Tests.Sampling;

/// <summary>Selection without a sort, against the plain one with a sort.</summary>
public sealed class CandidatesTests
{
    public static TheoryData<int, float> Vocabularies => new() { { 1, 1 }, { 7, 1 }, { 300, 1 }, { 5000, 1 }, { 5000, 0.05f }, { 5000, 6 }, { 50_000, 2 } };

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Select_TopP_KeepsWhatASortKeeps(int vocabulary, float spread) =>
        AssertLikeSort(vocabulary, spread, random => new() { TopP = 1 - MathF.Pow(random.NextSingle(), 3) });

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Select_TopK_KeepsWhatASortKeeps(int vocabulary, float spread) =>
        AssertLikeSort(vocabulary, spread, random => new() { TopK = random.Next(1, Math.Min(vocabulary, 400) + 1) });

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Select_AllRules_KeepsWhatASortKeeps(int vocabulary, float spread) =>
        AssertLikeSort(vocabulary, spread, random => new()
        {
            TopK = random.Next(0, 60),
            TopP = 0.5f + (random.NextSingle() / 2),
            MinP = random.Next(2) * MathF.Pow(random.NextSingle(), 4),
        });

    [Fact]
    public void Select_EqualWeights_KeepsTheLowestIds()
    {
        float[] weights = [.. Enumerable.Repeat(1f, 1000)];
        var candidates = new Candidates(weights.Length);

        candidates.Select(weights, weights.Sum(), new() { TopK = 10 });

        Assert.Equal(Enumerable.Range(0, 10), KeptIds(candidates));
    }

    [Fact]
    public void Select_NoRule_SaysThatAllStay() => Assert.False(new Candidates(8).Select(new float[8], 0, new()));

    [Theory]
    [InlineData(float.Epsilon)]
    [InlineData(0f)]
    public void Select_TopPOfAlmostNothing_KeepsTheLikeliest(float topP)
    {
        float[] weights = [0.2f, 0.9f, 1f, 0.1f];
        var candidates = new Candidates(weights.Length);

        candidates.Select(weights, weights.Sum(), new() { TopP = topP });

        Assert.Equal([2], KeptIds(candidates));
    }

    private static void AssertLikeSort(int vocabulary, float spread, Func<Random, SamplingParameters> rules)
    {
        var random = new Random(vocabulary);
        var candidates = new Candidates(vocabulary);
        for (int trial = 0; trial < 12; trial++)
        {
            float[] weights = RandomWeights(random, vocabulary, spread);
            SamplingParameters sampling = rules(random);

            if (candidates.Select(weights, weights.Sum(weight => (double)weight), sampling))
            {
                Assert.Equal(ReferenceSampling.Kept(weights, sampling), KeptIds(candidates));
            }
            else
            {
                Assert.Equal(vocabulary, ReferenceSampling.Kept(weights, sampling).Count);
            }
        }
    }

    /// <summary>Every fourth is equal to its neighbour, so that ties happen; the largest is 1.</summary>
    private static float[] RandomWeights(Random random, int vocabulary, float spread)
    {
        float[] logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++)
        {
            logits[i] = i > 0 && random.Next(4) == 0 ? logits[i - 1] : spread * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle()));
        }

        float largest = logits.Max();
        return [.. logits.Select(logit => MathF.Exp(logit - largest))];
    }

    private static List<int> KeptIds(Candidates candidates)
    {
        List<int> ids = [];
        foreach (Candidate candidate in candidates.Kept)
        {
            ids.Add(candidate.Token);
        }

        ids.Sort();
        return ids;
    }
}
