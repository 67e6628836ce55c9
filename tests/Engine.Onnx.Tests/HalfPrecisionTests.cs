using System.Numerics.Tensors;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>The 16-bit forms: float16 computed on the CPU against the float32 references, bf16 as far as a CPU can show it.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class HalfPrecisionTests(ConvertedModels models)
{
    // Eleven significant bits, rounded at every step of every layer: 0.3 % of the largest logit was measured after a single token.
    private const float Tolerance = 1e-2f;

    [SharedDataTheory]
    [InlineData("qwen2-tied", 256)]
    [InlineData("qwen2-untied", 7)]
    [InlineData("qwen3", 256)]
    [InlineData("qwen3-yarn", 1)]
    [InlineData("llama", 256)]
    [InlineData("llama3-rope", 7)]
    public void Prefill_Float16OfEachPosition_IsNearTheReference(string model, int chunk)
    {
        using IModelRunner runner = Load(model, ModelPrecision.Float16);
        int vocabulary = runner.Shape.Vocabulary;

        foreach (ReferenceLogits reference in ReferenceLogits.Read(SharedData.Path($"models/tiny/{model}/reference.safetensors")))
        {
            float allowed = Tolerance * Math.Abs(TensorPrimitives.MaxMagnitude<float>(reference.Logits));
            float[] logits = new float[reference.Logits.Length];
            for (int position = 0; position < reference.Ids.Length; position += chunk)
            {
                int end = Math.Min(reference.Ids.Length, position + chunk);
                runner.Prefill(0, position, reference.Ids.AsSpan(position..end), logits.AsSpan((position * vocabulary)..(end * vocabulary)));
            }

            TensorPrimitives.Subtract(logits, reference.Logits, logits);
            float distance = Math.Abs(TensorPrimitives.MaxMagnitude<float>(logits));
            Assert.True(distance <= allowed, $"{model}: {reference.Ids.Length} tokens are off by {distance}, allowed {allowed}");
        }
    }

    // The median, because in a random model experts are nearly tied, and a token that takes another one goes its own way.
    [SharedDataTheory]
    [InlineData("deepseek-v2-lite")]
    [InlineData("deepseek-v2")]
    [InlineData("deepseek-v3-fp8")]
    public void Prefill_Float16OfLatentAttentionAndExperts_KeepsTheDirectionOfTheLogits(string model)
    {
        using IModelRunner runner = Load(model, ModelPrecision.Float16);
        List<float> similarities = [];

        foreach (ReferenceLogits reference in ReferenceLogits.Read(SharedData.Path($"models/tiny/{model}/reference.safetensors")))
        {
            float[] logits = new float[reference.Logits.Length];
            runner.Prefill(0, 0, reference.Ids, logits);
            similarities.AddRange(logits.Chunk(runner.Shape.Vocabulary).Zip(reference.Logits.Chunk(runner.Shape.Vocabulary))
                .Select(row => TensorPrimitives.CosineSimilarity<float>(row.First, row.Second)));
        }

        float median = similarities.Order().ElementAt(similarities.Count / 2);
        Assert.True(median > 0.9999f, $"{model}: median cosine {median} of {similarities.Count} positions");
    }

    [Fact]
    public void Load_BFloat16OnACpu_SaysWhatToChoose()
    {
        ModelFormatException refused = Assert.Throws<ModelFormatException>(
            () => OnnxModel.Load(models.Prepare(Repository.DemoModel, ModelPrecision.BFloat16), new OnnxRunnerOptions { Slots = 1 }));

        Assert.Equal("model.onnx: bf16 has no kernels on a CPU: choose fp32 (exact) or int8 (fast) there, and bf16 with CUDA", refused.Message);
    }

    // The runtime checks the types of a whole graph before it looks for kernels, so a graph that fails for want of a kernel has none wrong.
    [SharedDataTheory]
    [InlineData("qwen2-tied")]
    [InlineData("qwen3")]
    [InlineData("deepseek-v3")]
    public void Open_BFloat16Graph_LacksKernelsAndNothingElse(string model)
    {
        string graph = Path.Combine(models.Prepare(SharedData.Path($"models/tiny/{model}"), ModelPrecision.BFloat16), "model.onnx");
        using SessionOptions settings = SessionSettings.Create(new OnnxRunnerOptions());

        OnnxRuntimeException failed = Assert.Throws<OnnxRuntimeException>(() => new InferenceSession(graph, settings));

        Assert.Contains("NotImplemented", failed.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(TensorElementType.Float, 2 * 6 * 2 * 64 * 4)]
    [InlineData(TensorElementType.Float16, 2 * 6 * 2 * 64 * 2)]
    [InlineData(TensorElementType.BFloat16, 2 * 6 * 2 * 64 * 2)]
    public void BytesPerPosition_OfAnElement_CountsItsSize(TensorElementType element, int expected) =>
        Assert.Equal(expected, new KvShape(Layers: 6, KeyValueHeads: 2, HeadSize: 64, element).BytesPerPosition);

    [Theory]
    [InlineData(ModelPrecision.Float16)]
    [InlineData(ModelPrecision.Int4Float16)]
    public void Prefill_GarbageInUnwrittenFloat16Memory_IsNeverRead(ModelPrecision precision)
    {
        GreedyReference reference = GreedyReference.Demo[1];
        using SlotRunner runner = models.LoadBareDemo(slots: 2, precision);
        int[] expected = Greedy.Generate(runner, reference.Prompt, count: 16, chunk: 256);

        runner.Cache.Fill(0xFF);

        Assert.Equal(expected, Greedy.Generate(runner, reference.Prompt, count: 16, chunk: 8));
    }

    private IModelRunner Load(string model, ModelPrecision precision) =>
        OnnxModel.Load(models.Prepare(SharedData.Path($"models/tiny/{model}"), precision), new OnnxRunnerOptions { Slots = 1, ContextLength = 256 });
}
