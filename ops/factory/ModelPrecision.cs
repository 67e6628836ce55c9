using System.Diagnostics;

namespace DeepSeekOrleans.ModelFactory;

/// <summary>How a converted model stores its weights and computes its matrix products.</summary>
public enum ModelPrecision
{
    /// <summary>32-bit floating point: the reference that losses are measured against.</summary>
    Float32,

    /// <summary>
    /// 16-bit floating point with 11 significant bits, for CUDA: weights, activations and KV cache. Logits are widened at the end. On a
    /// CPU it computes the same, several times slower than <see cref="Float32"/>.
    /// </summary>
    Float16,

    /// <summary>
    /// 16-bit floating point with the range of float32 and 8 significant bits, for CUDA alone: what most models are published in. Right
    /// where numbers of a model leave the range of <see cref="Float16"/> (65,504).
    /// </summary>
    BFloat16,

    /// <summary>
    /// 8-bit weights with a scale per output, 8-bit activations with a scale per token. A quarter of the size, and the fastest form on a
    /// CPU with 8-bit dot products as soon as several sequences run together.
    /// </summary>
    Int8,

    /// <summary>
    /// 4-bit weights in blocks of 32 and 8-bit activations per block; the head keeps 8 bits. Blocks of a 4-bit file are taken over
    /// without being rounded again: those lose next to nothing, while rounding other weights cost the demo model 7.6 % perplexity.
    /// </summary>
    Int4,

    /// <summary>
    /// 4-bit weights in blocks of 128 and 8-bit activations per block, the head too: a third faster than <see cref="Int4"/> and coarser
    /// (14.4 % where that costs 7.6 %). Refused for weights that are in 4-bit blocks already.
    /// </summary>
    Int4Wide,

    /// <summary><see cref="Int4"/> with everything but the weights in float16: the form of CUDA, whose attention takes no float32.</summary>
    Int4Float16,
}

public static class ModelPrecisionExtensions
{
    /// <summary>The name on the command line, in manifests and in evidence.</summary>
    public static string Name(this ModelPrecision precision) => precision switch
    {
        ModelPrecision.Float32 => "fp32",
        ModelPrecision.Float16 => "fp16",
        ModelPrecision.BFloat16 => "bf16",
        ModelPrecision.Int8 => "int8",
        ModelPrecision.Int4 => "int4",
        ModelPrecision.Int4Wide => "int4-b128",
        ModelPrecision.Int4Float16 => "int4-fp16",
        _ => throw new UnreachableException(),
    };
}
