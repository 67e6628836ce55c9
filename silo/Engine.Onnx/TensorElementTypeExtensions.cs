using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx;

internal static class TensorElementTypeExtensions
{
    /// <summary>Bytes per number.</summary>
    public static int Size(this TensorElementType element) => element switch
    {
        TensorElementType.Float or TensorElementType.Int32 => 4,
        TensorElementType.Float16 or TensorElementType.BFloat16 => 2,
        TensorElementType.Int64 => 8,
        TensorElementType.Int8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(element), element, "no tensor of a runner is of this type"),
    };
}
