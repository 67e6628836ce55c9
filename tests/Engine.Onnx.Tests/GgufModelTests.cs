using System.Numerics.Tensors;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>GGUF files against float32 logits on their dequantised weights, from another implementation.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class GgufModelTests(ConvertedModels models)
{
    // As for the tiny models in safetensors: of the largest logit, and between the two largest.
    private const float Tolerance = 1e-3f;

    [SharedDataTheory]
    [InlineData("qwen2-mixed", 256)]
    [InlineData("qwen2-mixed", 7)]
    [InlineData("qwen2-mixed", 1)]
    [InlineData("qwen3-mixed", 256)]
    [InlineData("qwen3-mixed", 7)]
    [InlineData("qwen3-mixed", 1)]
    public void Prefill_LastPosition_HasTheLogitsOfTheReference(string model, int chunk)
    {
        using IModelRunner runner = Load(model);
        IReadOnlyList<ReferenceLogits> references = ReferenceLogits.Read(SharedData.Path($"models/tiny-gguf/{model}.reference.safetensors"));

        Assert.Equal(4, references.Count);
        foreach (ReferenceLogits reference in references)
        {
            float[] logits = Greedy.Prefill(runner, slot: 0, reference.Ids, chunk);

            float allowed = Tolerance * Math.Abs(TensorPrimitives.MaxMagnitude<float>(reference.Logits));
            float[] difference = new float[logits.Length];
            TensorPrimitives.Subtract(logits, reference.Logits, difference);
            float distance = TensorPrimitives.MaxMagnitude<float>(difference);
            Assert.True(MathF.Abs(distance) <= allowed, $"{model}: after {reference.Ids.Length} tokens off by {distance}, allowed {allowed}");
        }
    }

    [SharedDataTheory]
    [InlineData("qwen2-mixed")]
    [InlineData("qwen3-mixed")]
    public void Decode_AlongTheReference_PrefersItsTokens(string model)
    {
        using IModelRunner runner = Load(model);

        foreach (GreedyReference reference in GreedyReference.Read(SharedData.Path($"models/tiny-gguf/{model}.greedy.jsonl"), "output_ids"))
        {
            Greedy.AssertPrefers(runner, reference, model);
        }
    }

    private IModelRunner Load(string model) =>
        OnnxModel.Load(models.Prepare(SharedData.Path($"models/tiny-gguf/{model}.gguf")), new OnnxRunnerOptions { Slots = 1, ContextLength = 256 });
}
