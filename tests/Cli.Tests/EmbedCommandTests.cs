using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

public sealed class EmbedCommandTests
{
    [SharedDataTheory]
    [InlineData("all-minilm-l6-v2", "1")]
    [InlineData("bge-small-zh-v1.5", "1")]
    [InlineData("bge-small-zh-v1.5", "16")]
    public async Task Embed_EveryReferenceText_GivesItsEmbedding(string model, string batch)
    {
        JsonElement[] expected = [.. File.ReadLines(SharedData.Path($"models/{model}/expected.jsonl")).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line))];
        string input = string.Concat(expected.Select(line => $"{{\"text\":{line.GetProperty("text").GetRawText()}}}\n"));

        CommandResult result = await CommandLine.DeepSeekAsync(input, "embed", "--model", SharedData.Path($"models/{model}"), "--batch", batch);

        Assert.True(result.ExitCode == ExitCode.Ok, result.Error);
        JsonElement[] told = [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
        Assert.Equal(expected.Length, told.Length);
        for (int i = 0; i < told.Length; i++)
        {
            Assert.InRange(Cosine(expected[i], told[i]), 0.99, 1.001);
            Assert.Equal(expected[i].GetProperty("ids").GetArrayLength(), told[i].GetProperty("tokens").GetInt32());
        }
    }

    [Fact]
    public async Task Embed_WithADirectoryThatIsNoEmbeddingModel_NamesTheFile()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "embed", "--model", Repository.DemoModel);

        Assert.Equal(ExitCode.ModelRefused, result.ExitCode);
        Assert.Contains("model.onnx", result.Error, StringComparison.Ordinal);
    }

    private static double Cosine(JsonElement expected, JsonElement told)
    {
        float[] left = expected.GetProperty("embedding").Deserialize<float[]>()!;
        float[] right = told.GetProperty("embedding").Deserialize<float[]>()!;
        double product = left.Zip(right, (a, b) => (double)a * b).Sum();
        return product / Math.Sqrt(left.Sum(value => (double)value * value) * right.Sum(value => (double)value * value));
    }
}
