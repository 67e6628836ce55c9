using System.Globalization;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Gpu;

/// <summary>
/// How fast a GPU decodes beside what its memory allows, and how long a prompt of 2,048 tokens takes; before that, whether it computes
/// what the CPU computes.
/// </summary>
internal static class GpuBenchmark
{
    private const string Device = "--device";
    private static readonly string[] Shapes = ["r1-distill-qwen-1.5b", "r1-distill-qwen-7b"];
    private static readonly ModelPrecision[] Precisions = [ModelPrecision.Float16, ModelPrecision.Int4Float16];
    private static readonly int[] Batches = [1, 8, 32, 128];

    /// <returns>The exit code: 0 when it measured or there is no GPU, 1 when the GPU computes something else than the CPU.</returns>
    public static int Run(TextWriter output, ReadOnlySpan<string> arguments)
    {
        OnnxRunnerOptions options = new() { Provider = ExecutionProviders.Cuda };
        if (arguments is [Device, string number])
        {
            options.DeviceId = int.Parse(number, CultureInfo.InvariantCulture);
        }

        if (ExecutionProviders.Problem(options) is { } problem)
        {
            output.WriteLine($"no GPU, nothing measured: {problem}");
            return 0;
        }

        if (!GpuCorrectness.Check(output, options.DeviceId))
        {
            output.WriteLine("nothing measured: wrong numbers have no speed");
            return 1;
        }

        double bandwidth = CopyProbe.Measure(options.DeviceId);
        output.WriteLine(FormattableString.Invariant($"device copy: {bandwidth / 1e9:F0} GB/s read and written together, the limit of the shares below"));
        output.WriteLine("| shape | form | graph replay | MB/step | decode tokens/s at 1, 8, 32, 128 | share of the limit at 1 (goal 70 %) | TTFT of 2,048, ms |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        foreach (DecoderShape shape in Shapes.Select(name => DecoderShape.Find(name)!))
        {
            foreach (ModelPrecision precision in Precisions)
            {
                string directory = BenchmarkModels.Prepare(shape, precision).Directory;
                MeasureForm(output, shape, directory, options, bandwidth, precision);
            }
        }

        return 0;
    }

    private static void MeasureForm(
        TextWriter output, DecoderShape shape, string directory, OnnxRunnerOptions options, double bandwidth, ModelPrecision precision)
    {
        double bytes = StepBytes(shape, precision);
        double firstToken = GpuTimes.FirstTokenMilliseconds(() => Load(directory, options.DeviceId, slots: 1, context: GpuTimes.PromptTokens + 2, replay: false));
        foreach (bool replay in (bool[])[false, true])
        {
            double[] speeds = [.. Batches.Select(batch =>
            {
                using IModelRunner runner = Load(directory, options.DeviceId, batch, GpuTimes.DecodeContext, replay);
                return GpuTimes.DecodeTokensPerSecond(runner, batch);
            })];
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {shape.Name} | {precision.Name()} | {(replay ? "yes" : "no")} | {bytes / 1e6:F0} | {string.Join(", ", speeds.Select(speed => speed.ToString("F0", CultureInfo.InvariantCulture)))} | {speeds[0] * bytes / bandwidth:P0} | {firstToken:F0} |"));
        }
    }

    private static IModelRunner Load(string directory, int device, int slots, int context, bool replay) => OnnxModel.Load(directory, new OnnxRunnerOptions
    {
        Provider = ExecutionProviders.Cuda,
        DeviceId = device,
        Slots = slots,
        ContextLength = context,
        MaxPrefillChunk = GpuTimes.PromptTokens,
        CudaGraph = replay,
    });

    // int4: half a byte and a float16 scale for each 32; its head has a byte and such a scale
    private static double StepBytes(DecoderShape shape, ModelPrecision precision) => shape.StepTensors().Sum(tensor => tensor.Length * (
        precision == ModelPrecision.Float16 ? 2 : tensor.Name is "lm_head.weight" or "model.embed_tokens.weight" ? 1 + (2.0 / 32) : 0.5 + (2.0 / 32)));
}
