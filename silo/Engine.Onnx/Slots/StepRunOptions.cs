using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>
/// The options of each kind of run. With CUDA graphs a decode step is recorded once for each number of rows and replayed from then on,
/// which its fixed shapes and addresses allow; chunks of a prompt differ in length and are never recorded.
/// </summary>
internal sealed class StepRunOptions : IDisposable
{
    // the key and the meaning of -1: onnxruntime_run_options_config_keys.h
    private const string GraphKey = "gpu_graph_id";
    private const string NeverRecorded = "-1";

    private readonly RunOptions?[] _decode;

    public StepRunOptions(bool cudaGraph, int slots)
    {
        _decode = new RunOptions?[slots + 1];
        Prefill = new RunOptions();
        if (cudaGraph)
        {
            Prefill.AddRunConfigEntry(GraphKey, NeverRecorded);
            for (int rows = 1; rows <= slots; rows++)
            {
                _decode[rows] = new RunOptions();
                _decode[rows]!.AddRunConfigEntry(GraphKey, rows.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    public RunOptions Prefill { get; }

    public RunOptions Decode(int rows) => _decode[rows] ?? Prefill;

    public void Dispose()
    {
        foreach (RunOptions? options in _decode)
        {
            options?.Dispose();
        }

        Prefill.Dispose();
    }
}
