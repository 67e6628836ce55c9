using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Cuda;

/// <summary>The options of ONNX Runtime's CUDA provider, by the names of its documentation.</summary>
internal static class CudaSession
{
    public static void Append(SessionOptions session, OnnxRunnerOptions options)
    {
        using OrtCUDAProviderOptions cuda = new();
        cuda.UpdateOptions(Options(options));
        session.AppendExecutionProvider_CUDA(cuda);
    }

    public static Dictionary<string, string> Options(OnnxRunnerOptions options)
    {
        Dictionary<string, string> chosen = new(StringComparer.Ordinal)
        {
            ["device_id"] = options.DeviceId.ToString(CultureInfo.InvariantCulture),

            // the sizes of a step repeat: doubling would take memory that the KV cache could have
            ["arena_extend_strategy"] = "kSameAsRequested",

            // on one stream with the computation, as the documentation says: otherwise copies may race with it
            ["do_copy_in_default_stream"] = "1",

            // sums the squares of a norm in float32: in float16 they pass its largest number in models with large activations
            ["enable_skip_layer_norm_strict_mode"] = "1",
            ["enable_cuda_graph"] = options.CudaGraph ? "1" : "0",
        };
        if (options.GpuMemoryLimitMiB > 0)
        {
            chosen["gpu_mem_limit"] = ((long)options.GpuMemoryLimitMiB << 20).ToString(CultureInfo.InvariantCulture);
        }

        return chosen;
    }
}
