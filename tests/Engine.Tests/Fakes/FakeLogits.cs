namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>Logits as a pure hash of a token history: bounded, without structure, and different for every history.</summary>
internal static class FakeLogits
{
    public static ReadOnlySpan<int> Newest(ReadOnlySpan<int> history, int memory) => history[Math.Max(0, history.Length - memory)..];

    public static void Fill(ReadOnlySpan<int> history, Span<float> logits)
    {
        // FNV-1a over the tokens, then SplitMix64 per logit: cheap, and one changed token changes every logit.
        ulong hash = 14695981039346656037;
        foreach (int token in history)
        {
            hash = (hash ^ (uint)token) * 1099511628211;
        }

        for (int i = 0; i < logits.Length; i++)
        {
            hash += 0x9E3779B97F4A7C15;
            ulong mixed = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            logits[i] = (((mixed >> 40) / (float)(1 << 24)) - 0.5f) * 8;
        }
    }
}
