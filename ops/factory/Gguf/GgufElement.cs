namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>The number formats of GGUF tensors that are read, numbered as in the format.</summary>
internal enum GgufElement : uint
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    BF16 = 30,
}

internal static class GgufElementExtensions
{
    /// <summary>Numbers of a row that are stored together.</summary>
    public static int BlockLength(this GgufElement element) => element switch
    {
        GgufElement.F32 or GgufElement.F16 or GgufElement.BF16 => 1,
        GgufElement.Q4_K or GgufElement.Q5_K or GgufElement.Q6_K => 256,
        _ => 32,
    };

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(this GgufElement element) => element switch
    {
        GgufElement.F32 => 4,
        GgufElement.F16 or GgufElement.BF16 => 2,
        GgufElement.Q4_0 => 18,
        GgufElement.Q4_1 => 20,
        GgufElement.Q5_0 => 22,
        GgufElement.Q5_1 => 24,
        GgufElement.Q8_0 => 34,
        GgufElement.Q4_K => 144,
        GgufElement.Q5_K => 176,
        GgufElement.Q6_K => 210,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
