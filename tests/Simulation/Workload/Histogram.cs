using System.Globalization;

namespace DeepSeekOrleans.Simulation.Workload;

/// <summary>Lengths in tokens and how often each occurs.</summary>
internal sealed class Histogram
{
    private readonly int[] _lengths;
    private readonly double[] _upTo;

    private Histogram((int Length, double Share)[] bins)
    {
        _lengths = [.. bins.Select(bin => bin.Length)];
        _upTo = new double[bins.Length];
        double sum = 0;
        for (int i = 0; i < bins.Length; i++)
        {
            _upTo[i] = sum += bins[i].Share;
        }
    }

    /// <summary>Reads "{45: 0.0097, 46: 0.0117}".</summary>
    public static Histogram Parse(string text) =>
        new([.. text.Trim('{', '}').Split(',').Select(bin => bin.Split(':')).Select(bin =>
            ((int)double.Parse(bin[0], CultureInfo.InvariantCulture), double.Parse(bin[1], CultureInfo.InvariantCulture)))]);

    public int Draw(Random random)
    {
        int bin = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
        return Math.Max(_lengths[Math.Min(bin < 0 ? ~bin : bin, _lengths.Length - 1)], 1);
    }
}
