using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

public sealed class KvCacheOptionTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("kv-cache-");

    private string Target => Path.Combine(_root.FullName, "model");

    [Theory]
    [InlineData("up")]
    [InlineData("fit")]
    public async Task Run_AnotherWord_NamesThoseThatThereAre(string command)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", command, "--model", Repository.DemoModel, "--kv-cache", "int4");

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.Contains("--kv-cache must be fp32 or int8; it is 'int4'", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fp32", "README.md", "--calibrate is for --kv-cache int8")]
    [InlineData("int8", "none.txt", "there is no text file")]
    public async Task ModelImport_CalibrationTextThatCannotBeUsed_SaysWhy(string cache, string text, string expected)
    {
        CommandResult result = await CommandLine.DeepSeekAsync(
            "", "model", "import", Repository.DemoModel, "--out", Target, "--kv-cache", cache, "--calibrate", Path.Combine(Repository.DemoModel, text));

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.StartsWith(expected, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Target));
    }

    [SharedDataTheory]
    [InlineData("models/tiny/deepseek-v3", "multi-head latent attention has no int8 KV cache")]
    [InlineData("models/stories260K/onnx", "a graph keeps the precision that it was written in")]
    public async Task Up_AttentionWithoutAnInt8Cache_IsRefusedInOneSentence(string model, string expected)
    {
        string[] ports = [.. FreePorts.Take(2).Select(port => $"{port}")];

        CommandResult result = await CommandLine.DeepSeekAsync(
            "", "up", "--model", SharedData.Path(model), "--kv-cache", "int8", "--port", ports[0], "--grpc-port", ports[1]);

        Assert.Equal(ExitCode.ModelRefused, result.ExitCode);
        Assert.Contains(expected, Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelImport_Int8Cache_TellsItsLossAndItsName()
    {
        string text = Path.Combine(Repository.DemoModel, "README.md");

        JsonElement told = await JsonAsync(
            "model", "import", Repository.DemoModel, "--out", Target, "--precision", "int8", "--kv-cache", "int8", "--calibrate", text, "--eval", text, "--json");

        JsonElement measured = await JsonAsync("perplexity", "--model", Target, "--text", text);
        Assert.Equal("int8, kv int8", told.GetProperty("precision").GetString());
        Assert.Equal(told.GetProperty("eval").GetProperty("perplexity").GetDouble(), measured.GetProperty("perplexity").GetDouble());
        Assert.InRange(Math.Abs(told.GetProperty("eval").GetProperty("loss_percent").GetDouble()), 1e-6, 5);
    }

    [Fact]
    public async Task Fit_Int8Cache_NeedsAQuarterForEachToken()
    {
        JsonElement wide = await JsonAsync("fit", "--model", Repository.DemoModel, "--json");
        JsonElement narrow = await JsonAsync("fit", "--model", Repository.DemoModel, "--kv-cache", "int8", "--json");

        Assert.Equal(wide.GetProperty("kv_bytes_per_token").GetInt64(), 4 * narrow.GetProperty("kv_bytes_per_token").GetInt64());
    }

    public void Dispose() => _root.Delete(recursive: true);

    private static async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", arguments);
        Assert.True(result.ExitCode == ExitCode.Ok, $"ended with {result.ExitCode}: {result.Error}");
        return JsonElement.Parse(result.Output);
    }
}
