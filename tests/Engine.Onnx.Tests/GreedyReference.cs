using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>A prompt and the tokens that a float32 reference computed for it, always taking the largest logit.</summary>
internal sealed record GreedyReference(int[] Prompt, int[] Output)
{
    public static IReadOnlyList<GreedyReference> Demo { get; } = Read(Path.Combine(Repository.DemoModel, "expected.jsonl"), "output_ids");

    public static IReadOnlyList<GreedyReference> Read(string path, string outputKey)
    {
        List<GreedyReference> references = [];
        foreach (string line in File.ReadLines(path).Where(line => line.Length > 0))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            references.Add(new GreedyReference(Ids(document, "prompt_ids"), Ids(document, outputKey)));
        }

        return references;
    }

    private static int[] Ids(JsonDocument document, string key) => [.. document.RootElement.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];
}
