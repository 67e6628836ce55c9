namespace DeepSeekOrleans.Engine.Tests.Sampling;

/// <summary>The sampling rules as plainly as they can be written.</summary>
internal static class ReferenceSampling
{
    public static double[] Probabilities(float[] logits, SamplingParameters sampling)
    {
        float largest = logits.Max();
        float[] weights = [.. logits.Select(logit => MathF.Exp((logit - largest) / sampling.Temperature))];
        List<int> kept = Kept(weights, sampling);
        double mass = kept.Sum(id => (double)weights[id]);
        double[] probabilities = new double[logits.Length];
        foreach (int id in kept)
        {
            probabilities[id] = weights[id] / mass;
        }

        return probabilities;
    }

    /// <summary>The ids that min-p, top-k and top-p leave, each of what the one before left; ascending.</summary>
    public static List<int> Kept(float[] weights, SamplingParameters sampling)
    {
        IEnumerable<int> sorted = Enumerable.Range(0, weights.Length).OrderByDescending(id => weights[id]).ThenBy(id => id);
        List<int> left = [.. sorted.Where(id => weights[id] >= sampling.MinP)];
        if (sampling.TopK > 0)
        {
            left = [.. left.Take(sampling.TopK)];
        }

        if (sampling.TopP < 1)
        {
            double enough = sampling.TopP * left.Sum(id => (double)weights[id]);
            double sum = 0;
            int count = 0;
            while (count < left.Count && (sum < enough || count == 0))
            {
                sum += weights[left[count++]];
            }

            left = left[..count];
        }

        left.Sort();
        return left;
    }
}
