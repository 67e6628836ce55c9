namespace DeepSeekOrleans.Engine.Onnx.Memory;

/// <summary>What one worker of a model keeps in memory, and what of it fits.</summary>
/// <param name="WeightBytes">The weights as they are computed with.</param>
/// <param name="KvBytesPerPosition">Keys and values of all layers for one token.</param>
public sealed record MemoryDemand(long WeightBytes, long KvBytesPerPosition)
{
    /// <summary>
    /// The part of the memory that is promised to nobody: the process itself, scratch tensors of a step and the system. Loading the
    /// 1.5B shape was measured to take up to a quarter more than its weights, most of it given back afterwards.
    /// </summary>
    private const double Reserve = 0.1;

    /// <summary>Bytes for <paramref name="slots"/> sequences of up to <paramref name="positions"/> tokens.</summary>
    public long Total(int slots, int positions) => checked(WeightBytes + (KvBytesPerPosition * slots * positions));

    public bool Fits(long memoryBytes, int slots, int positions) => Total(slots, positions) <= Usable(memoryBytes);

    /// <summary>The most slots of <paramref name="positions"/> tokens that fit; 0 when not even one does.</summary>
    public int MostSlots(long memoryBytes, int positions) => Share(memoryBytes, positions);

    /// <summary>The most tokens that <paramref name="slots"/> sequences can have each; 0 when there is no room beside the weights.</summary>
    public int LongestContext(long memoryBytes, int slots) => Share(memoryBytes, slots);

    private static long Usable(long memoryBytes) => (long)(memoryBytes * (1 - Reserve));

    private int Share(long memoryBytes, int among)
    {
        long left = Math.Max(0, Usable(memoryBytes) - WeightBytes);
        return (int)Math.Min(int.MaxValue, left / Math.Max(1, checked(KvBytesPerPosition * among)));
    }
}
