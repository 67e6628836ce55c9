using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Models;

/// <summary>One of the number formats that the factory can write, with what a benchmark needs to load it.</summary>
/// <param name="WeightBytes">Bytes per weight of a layer, scales included.</param>
/// <param name="HeadBytes">The same for the output layer.</param>
internal sealed record EngineForm(ModelPrecision Precision, double WeightBytes, double HeadBytes)
{
    // Twice this is what a session holds while it packs the weights for its kernels.
    private const double MostStepBytes = 3.2e9;

    public static IReadOnlyList<EngineForm> All { get; } =
    [
        new(ModelPrecision.Float32, 4, 4),
        new(ModelPrecision.Int8, 1, 1),
        new(ModelPrecision.Int4, 4.0 / 8 + 4.0 / 32, 1 + 4.0 / 64),
        new(ModelPrecision.Int4Wide, 4.0 / 8 + 4.0 / 128, 4.0 / 8 + 4.0 / 128),
    ];

    public string Name => Precision.Name();

    public static EngineForm Find(string name) => All.FirstOrDefault(form => form.Name == name)
        ?? throw new ArgumentException($"'{name}' is no form; known are {string.Join(", ", All.Select(form => form.Name))}");

    /// <summary>Two threads, as many as the machine of the published tables has cores, for both sides.</summary>
    public static int Threads { get; } = Math.Min(2, Environment.ProcessorCount);

    public double StepBytes(DecoderShape shape)
    {
        double head = (double)shape.Vocabulary * shape.Hidden;
        return (HeadBytes * head) + (WeightBytes * (shape.StepTensors().Sum(tensor => tensor.Length) - head));
    }

    /// <summary>Why this machine does not measure it, or null.</summary>
    public string? ReasonToLeaveOut(DecoderShape shape) => StepBytes(shape) > MostStepBytes
        ? $"{Name} of {shape.Name} is left out: its weights are {StepBytes(shape) / 1e9:F1} GB, and loading takes twice that"
        : null;

    /// <summary>Whether the factory writes a graph of joined runs in this form.</summary>
    public bool JoinsRuns => Precision == ModelPrecision.Int8;

    /// <param name="contextLength">Positions per slot.</param>
    /// <param name="joinRuns">See <see cref="OnnxRunnerOptions.JoinRuns"/>.</param>
    public IModelRunner Load(DecoderShape shape, int slots, int contextLength, bool joinRuns = true) => OnnxModel.Load(
        BenchmarkModels.Prepare(shape, Precision).Directory,
        new OnnxRunnerOptions { Slots = slots, ContextLength = contextLength, IntraOpThreads = Threads, AllowSpinning = true, JoinRuns = joinRuns });
}
