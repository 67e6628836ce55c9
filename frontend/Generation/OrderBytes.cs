using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>Writes down everything but the prompt that decides an answer, always in the same way, to be hashed.</summary>
internal static class OrderBytes
{
    public static byte[] Of(GenerationOrder order)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        SamplingOrder sampling = order.Sampling;
        writer.Write(order.MaxTokens);
        writer.Write(sampling.Temperature);
        writer.Write(sampling.TopP);
        writer.Write(sampling.TopK);
        writer.Write(sampling.MinP);
        writer.Write(sampling.RepetitionPenalty);
        writer.Write(sampling.PresencePenalty);
        writer.Write(sampling.FrequencyPenalty);
        writer.Write(sampling.Seed);
        writer.Write(sampling.LogitBias.Count);
        foreach ((int id, float bias) in sampling.LogitBias.OrderBy(entry => entry.Key))
        {
            writer.Write(id);
            writer.Write(bias);
        }

        // counts and length prefixes keep neighbouring fields apart
        writer.Write(order.StopTokenIds.Length);
        Array.ForEach(order.StopTokenIds, writer.Write);
        writer.Write(order.StopStrings.Length);
        Array.ForEach(order.StopStrings, writer.Write);
        writer.Flush();
        return bytes.ToArray();
    }
}
