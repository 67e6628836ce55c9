using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>Which precisions of the model factory a provider has kernels for.</summary>
public static class PrecisionSupport
{
    /// <summary>Why a model of this precision cannot run, and which one can; null where it can, or where nobody said its precision.</summary>
    /// <param name="provider">As in <see cref="OnnxRunnerOptions.Provider"/>.</param>
    /// <param name="precision">As in the manifest of a converted model.</param>
    public static string? Problem(string provider, string? precision) => (provider, precision) switch
    {
        (ExecutionProviders.Cuda, not null) when precision.EndsWith(ModelManifest.Int8KvCache, StringComparison.Ordinal) =>
            "an int8 KV cache is for CPUs: on CUDA, keys and values are kept in the 16 bits of bf16, fp16 or int4-fp16",
        (ExecutionProviders.Cpu, "bf16") => "bf16 has no kernels on a CPU: choose fp32 (exact) or int8 (fast) there, and bf16 with CUDA",
        (ExecutionProviders.Cuda, "fp32" or "int8" or "int4" or "int4-b128") =>
            $"{precision} has no attention on CUDA, which takes 16-bit numbers: choose bf16 or fp16, or int4-fp16 for a quarter of the size",
        _ => null,
    };

    /// <summary>
    /// The same for answering requests, where how many run together must not change an answer: the CPU's float16 products round one row
    /// otherwise than several.
    /// </summary>
    /// <inheritdoc cref="Problem"/>
    public static string? ServingProblem(string provider, string? precision) => (provider, precision) switch
    {
        (ExecutionProviders.Cpu, "fp16") => "fp16 is for CUDA; on a CPU it is slow, and answers would depend on who else is served: choose fp32 (exact) or int8 (fast)",
        _ => Problem(provider, precision),
    };
}
