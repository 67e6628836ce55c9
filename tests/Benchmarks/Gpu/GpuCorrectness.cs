using System.Numerics.Tensors;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Benchmarks.Gpu;

/// <summary>The demo model on the GPU in each precision against float32 on the CPU: prompts in chunks, and decode steps in company.</summary>
internal static class GpuCorrectness
{
    private const int Rows = 4;
    private const int Prompt = 96;
    private const int Chunk = 40;
    private const int Steps = 16;

    // Of the largest logit. bf16 has 8 significant bits; a wrong mask, position or slot is off by far more.
    private static readonly (ModelPrecision Precision, double Allowed)[] Forms =
        [(ModelPrecision.Float16, 0.02), (ModelPrecision.BFloat16, 0.10), (ModelPrecision.Int4Float16, 0.5)];

    public static bool Check(TextWriter output, int device)
    {
        bool right = true;
        float[] expected = Logits(ModelPrecision.Float32, new OnnxRunnerOptions());
        float largest = Math.Abs(TensorPrimitives.MaxMagnitude<float>(expected));
        foreach ((ModelPrecision precision, double allowed) in Forms)
        {
            foreach (bool replay in (bool[])[false, true])
            {
                float[] actual = Logits(precision, new OnnxRunnerOptions { Provider = ExecutionProviders.Cuda, DeviceId = device, CudaGraph = replay });
                TensorPrimitives.Subtract(actual, expected, actual);
                float difference = Math.Abs(TensorPrimitives.MaxMagnitude<float>(actual)) / largest;

                // written so that a NaN fails
                bool passes = difference <= allowed;
                right &= passes;
                output.WriteLine(FormattableString.Invariant(
                    $"{precision.Name()} on the GPU{(replay ? ", replayed" : "")}: off by {difference:P2} of the largest logit of float32 on the CPU, allowed {allowed:P0}{(passes ? "" : ", WRONG")}"));
            }
        }

        return right;
    }

    // The tokens are given, so that both sides compute the same whatever they prefer.
    private static float[] Logits(ModelPrecision precision, OnnxRunnerOptions options)
    {
        options.Slots = Rows;
        options.ContextLength = Prompt + Steps + Rows;
        PreparedModel model = ModelConversion.Prepare(
            ModelDirectory.Demo.FullName, ModelDirectory.CacheRoot, precision, progress: null, CancellationToken.None);
        using IModelRunner runner = OnnxModel.Load(model.Directory, options);
        int row = runner.Shape.Vocabulary;
        float[] logits = new float[Steps * Rows * row];
        for (int slot = 0; slot < Rows; slot++)
        {
            int[] prompt = RandomPrompt.Create(slot, Prompt + slot, row);
            for (int position = 0; position < prompt.Length; position += Chunk)
            {
                runner.Prefill(slot, position, prompt.AsSpan(position..Math.Min(prompt.Length, position + Chunk)), []);
            }
        }

        for (int step = 0; step < Steps; step++)
        {
            runner.Decode(
                RandomPrompt.Create(100 + step, Rows, row),
                [.. Enumerable.Range(0, Rows).Select(slot => Prompt + slot + step)],
                logits.AsSpan(step * Rows * row, Rows * row));
        }

        return logits;
    }
}
