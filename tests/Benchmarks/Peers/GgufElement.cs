namespace DeepSeekOrleans.Benchmarks.Peers;

/// <summary>The number formats that are written, by their GGUF codes. The quantised ones scale blocks of 32 numbers.</summary>
internal enum GgufElement
{
    F32 = 0,
    Q4_0 = 2,
    Q8_0 = 8,
}

internal static class GgufElementExtensions
{
    private const int BlockLength = 32;

    /// <summary>Bytes of a block, its scale (two bytes) included.</summary>
    public static int BlockBytes(this GgufElement element) => element switch
    {
        GgufElement.Q4_0 => 2 + (BlockLength / 2),
        GgufElement.Q8_0 => 2 + BlockLength,
        _ => BlockLength * sizeof(float),
    };

    public static long Bytes(this GgufElement element, long count) =>
        element == GgufElement.F32 ? count * sizeof(float) : count / BlockLength * element.BlockBytes();
}
