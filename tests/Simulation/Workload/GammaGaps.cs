namespace DeepSeekOrleans.Simulation.Workload;

/// <summary>Times between requests: Gamma with a mean and a coefficient of variation, drawn by Marsaglia and Tsang's method (2000).</summary>
internal sealed class GammaGaps(double perSecond, double variation, Random random)
{
    private readonly double _shape = 1 / (variation * variation);

    /// <summary>Seconds.</summary>
    public double Next()
    {
        // below 1 by way of the shape above it
        double drawn = _shape >= 1 ? Draw(_shape) : Draw(_shape + 1) * Math.Pow(1 - random.NextDouble(), 1 / _shape);
        return drawn / (_shape * perSecond);
    }

    private double Draw(double shape)
    {
        double d = shape - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            double v = Math.Pow(1 + (c * normal), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * normal * normal) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v;
            }
        }
    }
}
