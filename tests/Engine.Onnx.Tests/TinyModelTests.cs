using System.Numerics.Tensors;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>Every architecture against the logits of another implementation, on random models small enough to compare every position.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class TinyModelTests(ConvertedModels models)
{
    // Of the largest logit: float32 sums in another order differ by about 1e-6, a wrong formula by much more.
    private const float Tolerance = 1e-3f;


    private static readonly string[] Names = ["qwen2-tied", "qwen2-untied", "qwen3", "qwen3-yarn", "llama", "llama3-rope", "deepseek-v2-lite", "deepseek-v2", "deepseek-v3", "deepseek-v3-fp8"];

    public static TheoryData<string> Models => [.. Names];

    public static TheoryData<string, int> ModelsInChunks
    {
        get
        {
            TheoryData<string, int> cases = [];
            foreach (string name in Names)
            {
                cases.Add(name, 256);
                cases.Add(name, 7);
                cases.Add(name, 1);
            }

            return cases;
        }
    }

    [SharedDataTheory]
    [MemberData(nameof(ModelsInChunks))]
    public void Prefill_EachPosition_HasTheLogitsOfTheReference(string model, int chunk)
    {
        using IModelRunner runner = Load(model);
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

            for (int position = 0; position < reference.Ids.Length; position++)
            {
                Range row = (position * vocabulary)..((position + 1) * vocabulary);
                float distance = Distance(logits.AsSpan(row), reference.Logits.AsSpan(row));
                Assert.True(distance <= allowed, $"{model}: position {position} of {reference.Ids.Length} is off by {distance}, allowed {allowed}");
            }
        }
    }

    [SharedDataTheory]
    [MemberData(nameof(Models))]
    public void Decode_AlongTheReference_PrefersItsTokens(string model)
    {
        using IModelRunner runner = Load(model);

        foreach (GreedyReference reference in GreedyReference.Read(SharedData.Path($"models/tiny/{model}/greedy.jsonl"), "output_ids"))
        {
            Greedy.AssertPrefers(runner, reference, model);
        }
    }

    private IModelRunner Load(string model) =>
        OnnxModel.Load(models.Prepare(SharedData.Path($"models/tiny/{model}")), new OnnxRunnerOptions { Slots = 1, ContextLength = 256 });

    private static float Distance(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        float largest = 0;
        for (int i = 0; i < left.Length; i++)
        {
            // Maximum, unlike a comparison, keeps a NaN.
            largest = MathF.Max(largest, MathF.Abs(left[i] - right[i]));
        }

        return largest;
    }
}
