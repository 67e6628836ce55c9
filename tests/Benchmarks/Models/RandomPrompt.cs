namespace DeepSeekOrleans.Benchmarks.Models;

/// <summary>Token ids that mean nothing; equal seeds give equal prompts.</summary>
internal static class RandomPrompt
{
    public static int[] Create(int seed, int length, int vocabulary)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
    }
}
