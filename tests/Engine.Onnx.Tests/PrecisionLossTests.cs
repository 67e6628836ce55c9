using System.Numerics.Tensors;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>What a precision may cost against the float32 reference.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class PrecisionLossTests(ConvertedModels models)
{
    // The median, because in a random model experts are nearly tied, and a token that takes another one goes its own way.
    [SharedDataTheory]
    [InlineData("qwen2-tied")]
    [InlineData("qwen2-untied")]
    [InlineData("qwen3")]
    [InlineData("llama")]
    [InlineData("deepseek-v2-lite")]
    [InlineData("deepseek-v2")]
    [InlineData("deepseek-v3-fp8")]
    public void Int8_OfEachArchitecture_KeepsTheDirectionOfTheLogits(string model)
    {
        using IModelRunner runner = OnnxModel.Load(
            models.Prepare(SharedData.Path($"models/tiny/{model}"), ModelPrecision.Int8), new OnnxRunnerOptions { Slots = 1, ContextLength = 256 });
        int vocabulary = runner.Shape.Vocabulary;
        List<float> similarities = [];

        foreach (ReferenceLogits reference in ReferenceLogits.Read(SharedData.Path($"models/tiny/{model}/reference.safetensors")))
        {
            float[] logits = new float[reference.Logits.Length];
            runner.Prefill(0, 0, reference.Ids, logits);
            similarities.AddRange(logits.Chunk(vocabulary).Zip(reference.Logits.Chunk(vocabulary))
                .Select(row => TensorPrimitives.CosineSimilarity<float>(row.First, row.Second)));
        }

        float median = similarities.Order().ElementAt(similarities.Count / 2);
        Assert.True(median > 0.98f, $"{model}: median cosine {median} of {similarities.Count} positions");
    }

    [Fact]
    public void Int8_OfTheDemoModel_PrefersTheReferencesTokens()
    {
        using IModelRunner runner = OnnxModel.Load(models.Prepare(Repository.DemoModel, ModelPrecision.Int8), new OnnxRunnerOptions { Slots = 1 });
        int equal = 0;
        int all = 0;

        foreach (GreedyReference reference in GreedyReference.Demo)
        {
            float[] logits = Greedy.Prefill(runner, slot: 0, reference.Prompt, chunk: 256);
            for (int step = 0; step < reference.Output.Length; step++, all++)
            {
                equal += TensorPrimitives.IndexOfMax<float>(logits) == reference.Output[step] ? 1 : 0;
                runner.Decode([reference.Output[step]], [reference.Prompt.Length + step], logits);
            }
        }

        Assert.True(equal >= 0.98 * all, $"{equal} of {all} tokens are the reference's");
    }
}
