using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace DeepSeekOrleans.Benchmarks.Speculation;

/// <summary>What is asked, and what makes a draft likely or unlikely to come true.</summary>
internal sealed record SpeculationTexts(string Name, IReadOnlyList<string> Prompts)
{
    private const int Each = 3;

    /// <summary>For the demo model: its own questions, each once more after it was answered, or for the first time.</summary>
    public static IEnumerable<SpeculationTexts> OfDemo(string data)
    {
        JsonElement[] references = [.. Lines(System.IO.Path.Combine(data, "demo-model", "expected.jsonl"))
            .OrderByDescending(reference => reference.GetProperty("output_ids").GetArrayLength()).Take(2 * Each)];
        yield return new("asked again", [.. references.Select(reference =>
            $"{Text(reference, "prompt")}{Text(reference, "output_text")}{Text(reference, "prompt").Replace("<｜begin▁of▁sentence｜>", "", StringComparison.Ordinal)}")]);
        yield return new("asked once", [.. references.Select(reference => Text(reference, "prompt"))]);
    }

    /// <summary>For SmolLM2: texts and code to be given back, functions to be written, and free writing.</summary>
    public static IEnumerable<SpeculationTexts> OfSmolLm(string data)
    {
        string[] turns = [.. Lines(System.IO.Path.Combine(data, "prompts", "mt_bench_question.jsonl")).Select(question => question.GetProperty("turns")[0].GetString()!)];
        string[] functions = [.. Functions(System.IO.Path.Combine(data, "prompts", "HumanEval.jsonl.gz"))];
        yield return new("text to correct", [.. turns.Where(turn => turn.Length is > 400 and < 1500).Take(Each).Select(text => Ask(
            $"Copy the following text and correct its spelling:\n\n{text}"))]);
        yield return new("code to edit", [.. functions.Take(Each).Select(code => Ask(
            $"Rename the variables of this function and write it again:\n\n```python\n{code}\n```"))]);
        yield return new("code to write", [.. functions.Skip(Each).Take(Each).Select(code => Ask($"Complete this function:\n\n```python\n{code}\n```"))]);
        yield return new("free writing", [.. turns.Take(Each).Select(Ask)]);
    }

    private static string Ask(string question) =>
        string.Create(CultureInfo.InvariantCulture, $"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n");

    private static IEnumerable<string> Functions(string path)
    {
        using StreamReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return Text(JsonElement.Parse(line), "prompt");
        }
    }

    private static IEnumerable<JsonElement> Lines(string path) => File.ReadLines(path).Select(line => JsonElement.Parse(line));

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
