using DeepSeekOrleans.Benchmarks.Models;

namespace DeepSeekOrleans.Benchmarks.Mixed;

/// <summary>A prompt and how many tokens to generate after it.</summary>
internal sealed record MixedRequest(int[] Prompt, int NewTokens)
{
    public const int Slots = 16;

    private const int Count = 24;

    /// <summary>Positions that the longest request may need.</summary>
    public const int Context = 384 + 128 + 2;

    /// <summary>The same 24 requests for everybody: prompts of 32 to 384 tokens, 32 to 128 new tokens.</summary>
    public static MixedRequest[] Create(int vocabulary)
    {
        Random lengths = new(24);
        return [.. Enumerable.Range(0, Count).Select(index =>
            new MixedRequest(RandomPrompt.Create(index, lengths.Next(32, 385), vocabulary), lengths.Next(32, 129)))];
    }
}
