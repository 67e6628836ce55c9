using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>Latent attention and experts: which tokens share an expert depends on the company, what a token gets must not.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class ExpertCompanyTests(ConvertedModels models)
{
    [SharedDataTheory]
    [InlineData("deepseek-v2-lite")]
    [InlineData("deepseek-v2")]
    [InlineData("deepseek-v3")]
    [InlineData("deepseek-v3-fp8")]
    public void R14_Decode_LatentAttentionAndExperts_GivesTheSameBitsAloneAndTogether(string model)
    {
        string directory = SharedData.Path($"models/tiny/{model}");
        IReadOnlyList<GreedyReference> references = GreedyReference.Read(Path.Combine(directory, "greedy.jsonl"), "output_ids");
        OnnxRunnerOptions options = new() { Slots = references.Count, ContextLength = 256 };
        using IModelRunner alone = OnnxModel.Load(models.Prepare(directory), options);
        using IModelRunner together = OnnxModel.Load(models.Prepare(directory), options);
        int vocabulary = alone.Shape.Vocabulary;
        float[] logits = new float[references.Count * vocabulary];
        float[] expected = new float[vocabulary];

        for (int slot = 0; slot < references.Count; slot++)
        {
            Greedy.Prefill(together, slot, references[slot].Prompt, chunk: 64);
        }

        float[][] steps = new float[references[0].Output.Length][];
        for (int step = 0; step < steps.Length; step++)
        {
            together.Decode([.. references.Select(reference => reference.Output[step])], [.. references.Select(reference => reference.Prompt.Length + step)], logits);
            steps[step] = [.. logits];
        }

        for (int row = 0; row < references.Count; row++)
        {
            Greedy.Prefill(alone, slot: 0, references[row].Prompt, chunk: 64);
            for (int step = 0; step < steps.Length; step++)
            {
                alone.Decode([references[row].Output[step]], [references[row].Prompt.Length + step], expected);
                Assert.True(expected.AsSpan().SequenceEqual(steps[step].AsSpan(row * vocabulary, vocabulary)), $"{model}: row {row} differs at step {step}");
            }
        }
    }

    [SharedDataTheory]
    [InlineData("deepseek-v2-lite", 1)]
    [InlineData("deepseek-v2", 7)]
    [InlineData("deepseek-v3", 16)]
    [InlineData("deepseek-v3-fp8", 50)]
    public void R14_Prefill_LatentAttentionAndExpertsInChunks_GivesTheSameBitsAsWhole(string model, int chunk)
    {
        string directory = SharedData.Path($"models/tiny/{model}");
        using IModelRunner runner = OnnxModel.Load(models.Prepare(directory), new OnnxRunnerOptions { Slots = 2, ContextLength = 256 });

        foreach (GreedyReference reference in GreedyReference.Read(Path.Combine(directory, "greedy.jsonl"), "output_ids"))
        {
            float[] whole = Greedy.Prefill(runner, slot: 0, reference.Prompt, chunk: 256);
            float[] pieces = Greedy.Prefill(runner, slot: 1, reference.Prompt, chunk);

            Assert.Equal(whole, pieces);
        }
    }
}
