using System.Diagnostics;

namespace DeepSeekOrleans.ModelFactory.Onnx;

/// <summary>ONNX's numbers for the element types in use (TensorProto.DataType of onnx.proto).</summary>
internal enum OnnxElement
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    BFloat16 = 16,
}

internal static class OnnxElementExtensions
{
    /// <summary>Bytes per number.</summary>
    public static int Size(this OnnxElement element) => element switch
    {
        OnnxElement.UInt8 or OnnxElement.Int8 or OnnxElement.Bool => 1,
        OnnxElement.Float16 or OnnxElement.BFloat16 => 2,
        OnnxElement.Float or OnnxElement.Int32 => 4,
        OnnxElement.Int64 => 8,
        _ => throw new UnreachableException(),
    };
}
