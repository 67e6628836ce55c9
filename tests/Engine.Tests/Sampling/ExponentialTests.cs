using DeepSeekOrleans.Engine.Sampling;

namespace DeepSeekOrleans.Engine.Tests.Sampling;

public sealed class ExponentialTests
{
    [Fact]
    public void Fill_NumbersOfEverySize_IsExpWithinWhatTheirOwnRoundingCosts()
    {
        float[] logits = [.. Enumerable.Range(0, 20_003).Select(i => 3 - (i * 0.0044f))];
        float[] weights = new float[logits.Length];

        double sum = Exponential.Fill(logits, largest: 3, factor: 1, weights);

        for (int i = 0; i < logits.Length; i++)
        {
            double power = (logits[i] - 3) / Math.Log(2);
            double exact = power < -126 ? 0 : Math.Exp(logits[i] - 3);
            double allowed = exact * (3e-7 + (2 * 6e-8 * -power));
            Assert.InRange(weights[i], exact - allowed, exact + allowed);
        }

        Assert.Equal(1, weights[0]);
        Assert.Equal(0, weights[^1]);
        Assert.Equal(weights.Sum(weight => (double)weight), sum, 1e-9);
    }

    [Fact]
    public void Fill_TheSameLogitAnywhere_WeighsTheSame()
    {
        Random random = new(5);
        float[] logits = [.. Enumerable.Range(0, 37).Select(_ => 10 * random.NextSingle())];
        float[] whole = new float[logits.Length];
        float[] one = new float[1];

        Exponential.Fill(logits, largest: 10, factor: 1 / 0.7f, whole);

        for (int i = 0; i < logits.Length; i++)
        {
            Exponential.Fill(logits.AsSpan(i, 1), largest: 10, factor: 1 / 0.7f, one);
            Assert.Equal(BitConverter.SingleToInt32Bits(whole[i]), BitConverter.SingleToInt32Bits(one[0]));
        }
    }

    [Fact]
    public void Fill_ExcludedTokens_WeighNothing()
    {
        float[] weights = new float[20];
        float[] logits = new float[20];
        Array.Fill(logits, float.NegativeInfinity);
        logits[7] = -5;
        logits[18] = -5;

        double sum = Exponential.Fill(logits, largest: -5, factor: float.MaxValue, weights);

        Assert.Equal(2, sum);
        Assert.Equal([1f, 1f], weights.Where(weight => weight != 0));
    }
}
