using System.Globalization;

namespace DeepSeekOrleans.Engine.Onnx.Memory;

/// <summary>Whether a KV cache fits beside what is loaded already.</summary>
internal static class KvRoom
{
    /// <remarks>The system promises memory that it does not have and ends the process when it is touched; better to say it at the start.</remarks>
    /// <exception cref="InsufficientMemoryException">It does not fit; the message says what would.</exception>
    public static void Require(long bytesPerPosition, int slots, int positions, long availableBytes)
    {
        var demand = new MemoryDemand(WeightBytes: 0, bytesPerPosition);
        if (!demand.Fits(availableBytes, slots, positions))
        {
            throw new InsufficientMemoryException(string.Create(CultureInfo.InvariantCulture, $"""
                {slots} slots of {positions} positions need {Mebibytes(demand.Total(slots, positions))} MiB of KV cache, and {Mebibytes(availableBytes)} MiB are left beside the weights. What fits: Onnx:ContextLength {demand.LongestContext(availableBytes, slots)} with {slots} slots, or Onnx:Slots {demand.MostSlots(availableBytes, positions)} with this context.
                """));
        }
    }

    private static long Mebibytes(long bytes) => bytes >> 20;
}
