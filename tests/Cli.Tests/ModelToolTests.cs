using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

public sealed class ModelToolTests
{
    [SharedDataTheory]
    [InlineData("deepseek_v3")]
    [InlineData("qwen3")]
    [InlineData("r1_distill_qwen")]
    public async Task Tokenize_EveryOracleText_GivesTheOraclesIds(string tokenizer)
    {
        JsonNode[] expected = ReadLines(SharedData.Path($"oracle/{tokenizer}.tokens.jsonl"));

        JsonNode[] told = await RunAsync(
            expected.Select(line => new JsonObject { ["text"] = line["text"]!.DeepClone() }),
            "tokenize", "--allow-special", "--model", SharedData.Path($"tokenizers/{tokenizer}"));

        Assert.Equal(expected.Select(Ids), told.Select(Ids));
    }

    [SharedDataFact]
    public async Task Render_EveryChatOfTheOracle_GivesItsTextAndIds()
    {
        foreach (IGrouping<string, JsonNode> chats in ReadLines(SharedData.Path("oracle/chat_templates.jsonl"))
            .Where(chat => Directory.Exists(SharedData.Path($"tokenizers/{chat["template"]}")))
            .GroupBy(chat => chat["template"]!.ToString()))
        {
            // one chat spells a control token in a user's text, which the oracle's tokenizer takes for a real one: hence the flag
            JsonNode[] told = await RunAsync(chats, "render", "--allow-special", "--model", SharedData.Path($"tokenizers/{chats.Key}"));

            Assert.Equal(chats.Select(chat => chat["rendered"]!.ToString()), told.Select(line => line["rendered"]!.ToString()));
            Assert.Equal(chats.Select(Ids), told.Select(Ids));
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("16")]
    public async Task Generate_EveryReferenceOfTheDemoModel_GivesItsIds(string concurrency)
    {
        JsonNode[] expected = ReadLines(Path.Combine(Repository.DemoModel, "expected.jsonl"));

        JsonNode[] told = await RunAsync(
            expected.Select(line => new JsonObject { ["prompt_ids"] = line["prompt_ids"]!.DeepClone() }),
            "generate", "--model", Repository.DemoModel, "--max-tokens", "64", "--concurrency", concurrency);

        Assert.Equal(expected.Select(line => line["output_ids"]!.ToJsonString()), told.Select(Ids));
        Assert.Equal(expected.Select(line => line["finish_reason"]!.ToString()), told.Select(line => line["finish_reason"]!.ToString()));
    }

    [SharedDataFact]
    public async Task Tokenize_RenderAndGenerate_TakeAGgufFileInPlaceOfADirectory()
    {
        string file = SharedData.Path("models/tiny-gguf/qwen3-mixed.gguf");
        JsonNode[] expected = ReadLines(SharedData.Path("models/tiny-gguf/qwen3-mixed.greedy.jsonl"));

        JsonNode[] tokenized = await RunAsync(expected.Select(line => new JsonObject { ["text"] = line["text"]!.DeepClone() }), "tokenize", "--model", file);
        JsonNode[] rendered = await RunAsync(
            [JsonNode.Parse("""{"messages": [{"role": "user", "content": "Hello"}], "add_generation_prompt": true}""")!], "render", "--model", file);
        JsonNode[] generated = await RunAsync(
            expected.Select(line => new JsonObject { ["prompt_ids"] = line["prompt_ids"]!.DeepClone() }),
            "generate", "--model", file, "--max-tokens", "16");

        // the references begin with the token that begins every text
        Assert.Equal(expected.Select(line => line["prompt_ids"]!.Deserialize<int[]>()![1..]), tokenized.Select(line => line["ids"]!.Deserialize<int[]>()));
        Assert.StartsWith("<｜begin▁of▁sentence｜><｜User｜>Hello<｜Assistant｜>", rendered[0]["rendered"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(expected.Select(line => line["output_ids"]!.ToJsonString()), generated.Select(Ids));
    }

    [SharedDataFact]
    public async Task Generate_WithAnUnmodifiedPublicDecoder_GivesTheGoldenTokens()
    {
        JsonNode[] golden = ReadLines(SharedData.Path("models/stories260K/onnx/golden.jsonl"));

        foreach (JsonNode line in golden)
        {
            // a golden line holds the prompt's ids and what follows them
            int[] all = line["ids"]!.Deserialize<int[]>()!;
            int[] prompt = line["prompt_ids"]!.Deserialize<int[]>()!;
            JsonNode[] told = await RunAsync(
                [new JsonObject { ["prompt_ids"] = line["prompt_ids"]!.DeepClone() }],
                "generate", "--model", SharedData.Path("models/stories260K/onnx"), "--max-tokens", $"{all.Length - prompt.Length}");

            Assert.Equal(all[prompt.Length..], told[0]["ids"]!.Deserialize<int[]>());
        }
    }

    [SharedDataFact]
    public async Task Logits_OfATinyModel_AreTheReferencesOfItsLastPosition()
    {
        JsonNode line = ReadLines(SharedData.Path("models/tiny/qwen2-tied/greedy.jsonl"))[0];

        JsonNode[] told = await RunAsync(
            [new JsonObject { ["prompt_ids"] = line["prompt_ids"]!.DeepClone() }], "logits", "--model", SharedData.Path("models/tiny/qwen2-tied"));

        float[] logits = told.Single()["logits"]!.Deserialize<float[]>()!;
        Assert.Equal(line["output_ids"]!.Deserialize<int[]>()![0], Array.IndexOf(logits, logits.Max()));
    }

    [Fact]
    public async Task Perplexity_InEightBits_IsNearThatInFloat32()
    {
        string text = Path.Combine(Repository.DemoModel, "README.md");

        JsonNode exact = (await RunAsync([], "perplexity", "--model", Repository.DemoModel, "--text", text, "--window", "128"))[0];
        JsonNode rounded = (await RunAsync([], "perplexity", "--model", Repository.DemoModel, "--text", text, "--window", "128", "--precision", "int8"))[0];

        Assert.Equal(exact["tokens"]!.GetValue<int>(), rounded["tokens"]!.GetValue<int>());
        Assert.Equal(exact["tokens"]!.GetValue<int>() - ((exact["tokens"]!.GetValue<int>() + 127) / 128), exact["predicted"]!.GetValue<int>());
        Assert.NotEqual(exact["perplexity"]!.GetValue<double>(), rounded["perplexity"]!.GetValue<double>());
        Assert.InRange(rounded["perplexity"]!.GetValue<double>() / exact["perplexity"]!.GetValue<double>(), 0.95, 1.05);
    }

    [Theory]
    [InlineData("int8", 0.45, 5)]
    [InlineData("int4", 0.35, 20)]
    [InlineData("int4-b128", 0.3, 30)]
    public async Task ModelImport_InFewBits_TellsItsSizeAndItsLoss(string precision, double largestShare, double largestLoss)
    {
        string target = Path.Combine(Directory.CreateTempSubdirectory("import-").FullName, "model");
        string text = Path.Combine(Repository.DemoModel, "README.md");

        JsonNode told = (await RunAsync(
            [], "model", "import", Repository.DemoModel, "--out", target, "--precision", precision, "--eval", text, "--json")).Single();
        JsonNode again = (await RunAsync([], "model", "import", Repository.DemoModel, "--out", target, "--precision", precision, "--json")).Single();

        double loss = told["eval"]!["loss_percent"]!.GetValue<double>();
        JsonNode measured = (await RunAsync([], "perplexity", "--model", target, "--text", text, "--precision", precision)).Single();
        Directory.Delete(Path.GetDirectoryName(target)!, recursive: true);
        Assert.Equal(told["eval"]!["perplexity"]!.GetValue<double>(), measured["perplexity"]!.GetValue<double>());
        Assert.InRange(told["bytes"]!.GetValue<long>(), 1, (long)(largestShare * 2 * told["source_bytes"]!.GetValue<long>()));
        Assert.InRange(Math.Abs(loss), 1e-6, largestLoss);
        Assert.Equal(0, again["files_written"]!.GetValue<int>());
        AssertFlipsAreConsistent(told["eval"]!, measured["predicted"]!.GetValue<int>());
    }

    // Rounding tips over what was nearly even before it tips over what was clear.
    private static void AssertFlipsAreConsistent(JsonNode eval, int predicted)
    {
        double flips = (1 - eval["top1_agreement"]!.GetValue<double>()) * predicted;
        int clear = eval["clear_tokens"]!.GetValue<int>();
        int clearFlips = eval["clear_flips"]!.GetValue<int>();

        Assert.InRange(clear, 1, predicted - 1);
        Assert.True((double)clearFlips / clear < flips / predicted, $"{clearFlips} of {clear} clear tokens, {flips} of {predicted} in all");
    }

    [Fact]
    public async Task Tokenize_OfALineThatIsNotJson_NamesTheLineAndEndsWithWrongUsage()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("{\"text\": \"a\"}\nnot json\n", "tokenize", "--model", Repository.DemoModel);

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.Contains("line 2", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_OfADamagedModel_NamesTheFileAndEndsWithModelRefused()
    {
        string copy = Directory.CreateTempSubdirectory("damaged").FullName;
        foreach (string file in Directory.GetFiles(Repository.DemoModel))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        await using (FileStream weights = File.OpenWrite(Path.Combine(copy, "model.safetensors")))
        {
            weights.SetLength(weights.Length / 2);
        }

        CommandResult result = await CommandLine.DeepSeekAsync("", "generate", "--model", copy);
        Directory.Delete(copy, recursive: true);

        Assert.Equal(ExitCode.ModelRefused, result.ExitCode);
        Assert.Contains("model.safetensors", result.Error, StringComparison.Ordinal);
    }

    private static string Ids(JsonNode line) => line["ids"]!.ToJsonString();

    private static JsonNode[] ReadLines(string path) => [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!)];

    private static async Task<JsonNode[]> RunAsync(IEnumerable<JsonNode> lines, params string[] arguments)
    {
        JsonSerializerOptions readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        string input = string.Concat(lines.Select(line => line.ToJsonString(readable) + "\n"));

        CommandResult result = await CommandLine.DeepSeekAsync(input, arguments);

        Assert.True(result.ExitCode == ExitCode.Ok, $"ended with {result.ExitCode}: {result.Error}");
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
