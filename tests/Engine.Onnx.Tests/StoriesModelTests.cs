using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

[Collection(ConvertedModels.Collection)]
public sealed class StoriesModelTests(ConvertedModels models) : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("stories260K-");

    [SharedDataTheory]
    [InlineData(256)]
    [InlineData(3)]
    public void Generate_PublicGraph_EqualsTheGoldenFile(int chunk)
    {
        using IModelRunner runner = LoadPublic(slots: 1);

        AssertGolden(runner, chunk);
    }

    [SharedDataFact]
    public void Decode_PublicGraphRowsOfDifferentLengths_EqualsTheGoldenFile()
    {
        using IModelRunner runner = LoadPublic(slots: 4);
        IReadOnlyList<GreedyReference> golden = Golden();

        int[][] outputs = Greedy.GenerateTogether(runner, golden, chunk: 256);

        Assert.Equal(golden.Select(reference => reference.Output), outputs);
    }

    [SharedDataFact]
    public void CopySlot_PublicGraph_ContinuesAsTheSourceWould()
    {
        using IModelRunner runner = LoadPublic(slots: 2);
        GreedyReference golden = Golden()[1];
        float[] expected = Greedy.Prefill(runner, slot: 0, golden.Prompt, chunk: 256);
        float[] continued = new float[expected.Length];

        runner.CopySlot(0, 1, golden.Prompt.Length - 1);
        runner.Prefill(1, golden.Prompt.Length - 1, golden.Prompt.AsSpan(^1..), continued);

        AssertClose(expected, continued);
    }

    [SharedDataFact]
    public void Generate_GraphNamedByGenAiConfig_EqualsTheGoldenFile()
    {
        File.Copy(SharedData.Path("models/stories260K/onnx/model.onnx"), Path.Combine(_directory.FullName, "decoder.onnx"));
        File.WriteAllText(
            Path.Combine(_directory.FullName, "genai_config.json"),
            """
            { "model": { "type": "llama", "context_length": 512, "vocab_size": 512, "decoder": { "filename": "decoder.onnx",
              "inputs": { "input_ids": "input_ids", "past_key_names": "past_key_values.%d.key", "past_value_names": "past_key_values.%d.value" },
              "outputs": { "logits": "logits", "present_key_names": "present.%d.key", "present_value_names": "present.%d.value" } } } }
            """);
        using IModelRunner runner = OnnxModel.Load(models.Prepare(_directory.FullName), new OnnxRunnerOptions { Slots = 1 });

        AssertGolden(runner, chunk: 256);
    }

    [SharedDataFact]
    public void Generate_ConvertedCheckpoint_EqualsTheGoldenFile()
    {
        File.Copy(SharedData.Path("models/stories260K/onnx/config.json"), Path.Combine(_directory.FullName, "config.json"));
        new Llama2Checkpoint(SharedData.Path("models/stories260K/checkpoint_v1.bin")).WriteSafetensors(Path.Combine(_directory.FullName, "model.safetensors"));
        using IModelRunner runner = OnnxModel.Load(models.Prepare(_directory.FullName), new OnnxRunnerOptions { Slots = 1 });

        AssertGolden(runner, chunk: 256);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static IModelRunner LoadPublic(int slots) =>
        OnnxModel.Load(SharedData.Path("models/stories260K/onnx"), new OnnxRunnerOptions { Slots = slots });

    // The file's ids begin with the prompt.
    private static IReadOnlyList<GreedyReference> Golden() =>
        [.. GreedyReference.Read(SharedData.Path("models/stories260K/onnx/golden.jsonl"), "ids")
            .Select(reference => reference with { Output = reference.Output[reference.Prompt.Length..] })];

    private static void AssertGolden(IModelRunner runner, int chunk)
    {
        foreach (GreedyReference reference in Golden())
        {
            Assert.Equal(reference.Output, Greedy.Generate(runner, reference.Prompt, reference.Output.Length, chunk));
        }
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-4f);
        }
    }
}
