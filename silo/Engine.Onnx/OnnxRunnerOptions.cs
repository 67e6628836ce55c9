using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>How a model is loaded and how much of the machine it may use.</summary>
public sealed class OnnxRunnerOptions
{
    public const string Section = "Onnx";

    /// <summary>Sequences in the KV cache. Its memory is slots x context x layers x KV heads x head size x 2 numbers.</summary>
    [Range(1, 1024)]
    public int Slots { get; set; } = 16;

    /// <summary>Positions per slot; 0 is the model's own context. Less saves memory.</summary>
    [Range(0, 4_194_304)]
    public int ContextLength { get; set; }

    /// <summary>Threads that compute one step, the calling one included; 0 is one for each physical core.</summary>
    [Range(0, 512)]
    public int IntraOpThreads { get; set; }

    /// <summary>
    /// Lets threads that wait for work burn their core. About 20 % faster on a machine of its own, half as fast on a shared one.
    /// </summary>
    public bool AllowSpinning { get; set; }

    /// <summary>Most tokens per prefill call. It bounds the scratch memory of attention and how long others wait for one chunk.</summary>
    [Range(1, 8192)]
    public int MaxPrefillChunk { get; set; } = 256;

    /// <summary>
    /// Lets a chunk of a prompt and the decode rows beside it share one pass over the weights, where the model has a graph for that. It
    /// changes no answer.
    /// </summary>
    public bool JoinRuns { get; set; } = true;

    /// <summary>What computes: <c>cpu</c>, or <c>cuda</c> for an NVIDIA GPU.</summary>
    [RegularExpression("^(cpu|cuda)$")]
    public string Provider { get; set; } = ExecutionProviders.Cpu;

    /// <summary>The number of the GPU, as CUDA counts them.</summary>
    [Range(0, 63)]
    public int DeviceId { get; set; }

    /// <summary>MiB of a GPU that weights and intermediate tensors may take; the KV cache comes on top. 0 is no limit.</summary>
    [Range(0, 16_777_216)]
    public int GpuMemoryLimitMiB { get; set; }

    /// <summary>
    /// Lets a GPU replay a recorded decode step instead of being told each kernel of it. Only for models whose every node runs on the GPU,
    /// so not for mixtures of experts. Off by default, because nobody has measured it yet.
    /// </summary>
    public bool CudaGraph { get; set; }
}
