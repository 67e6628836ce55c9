using System.Text.Json;

namespace DeepSeekOrleans.Robustness.Load;

/// <summary>A request whose answer is determined: greedy, or sampled with a seed. It is never answered from what is kept.</summary>
/// <param name="Temperature">0 or 1.</param>
internal sealed record PromptCase(int Number, string Prompt, int MaxTokens, int Temperature, int Seed)
{
    private static readonly string[] Openings =
    [
        "Once upon a time there were", "The list of all the things that I saw on day", "A silo is a process, and here are",
        "The first rule of the house is that number", "Count with me:", "In the year",
    ];

    /// <summary>So many different ones, half greedy and half sampled.</summary>
    /// <param name="tokens">The shortest and the longest answer that is asked for.</param>
    public static PromptCase[] Draw(Random random, int count, (int Min, int Max) tokens) =>
    [
        .. Enumerable.Range(0, count).Select(number => new PromptCase(
            number,
            $"{Openings[random.Next(Openings.Length)]} {random.Next(1000)}",
            random.Next(tokens.Min, tokens.Max + 1),
            number % 2,
            random.Next())),
    ];

    public string ToJson(string model) => JsonSerializer.Serialize(new
    {
        model,
        prompt = Prompt,
        max_tokens = MaxTokens,
        temperature = Temperature,
        seed = Seed,
        cache = false,
        stream = true,
        stream_options = new { include_usage = true },
    });
}
