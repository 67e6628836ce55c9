using System.Buffers.Binary;
using System.Runtime.InteropServices;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Peers;

/// <summary>
/// A model of a published shape with random weights as a GGUF file: every matrix in one format, the output layer included, which is
/// the fastest that the format can be. It has no vocabulary, because nothing here is text.
/// </summary>
internal static class RandomGguf
{
    private const int BandBlocks = 1 << 15;
    private const float StandardDeviation = 0.02f;

    public static void Write(DecoderShape shape, GgufElement element, string path)
    {
        string unfinished = path + ".unfinished";
        TensorShape[] tensors = [.. shape.Tensors()];
        using (GgufWriter writer = new(unfinished))
        {
            AddMetadata(writer, shape);
            foreach (TensorShape tensor in tensors)
            {
                writer.AddTensor(NameOf(tensor.Name), tensor.Dimensions, ElementOf(tensor, element));
            }

            Random random = new(1);
            writer.Write((stream, index) => Fill(stream, tensors[index], ElementOf(tensors[index], element), random));
        }

        File.Move(unfinished, path);
    }

    /// <summary>Bytes of all matrices that one step of a decoder reads; of an embedding apart from the output layer it reads a row.</summary>
    public static long StepBytes(DecoderShape shape, GgufElement element) => shape.StepTensors().Sum(tensor => element.Bytes(tensor.Length));

    private static void AddMetadata(GgufWriter writer, DecoderShape shape)
    {
        string prefix = shape.ModelType;
        writer.Add("general.architecture", prefix);
        writer.Add("general.name", shape.Name);
        writer.Add($"{prefix}.block_count", (uint)shape.Layers);
        writer.Add($"{prefix}.context_length", (uint)shape.ContextLength);
        writer.Add($"{prefix}.embedding_length", (uint)shape.Hidden);
        writer.Add($"{prefix}.feed_forward_length", (uint)shape.Intermediate);
        writer.Add($"{prefix}.attention.head_count", (uint)shape.Heads);
        writer.Add($"{prefix}.attention.head_count_kv", (uint)shape.KeyValueHeads);
        writer.Add($"{prefix}.attention.layer_norm_rms_epsilon", (float)shape.NormEpsilon);
        writer.Add($"{prefix}.rope.freq_base", (float)shape.RotaryBase);
        writer.Add($"{prefix}.vocab_size", (uint)shape.Vocabulary);
        writer.Add("tokenizer.ggml.model", "none");
    }

    private static GgufElement ElementOf(TensorShape tensor, GgufElement element) => tensor.Role == TensorRole.Matrix ? element : GgufElement.F32;

    private static string NameOf(string name) => name
        .Replace("model.embed_tokens", "token_embd", StringComparison.Ordinal)
        .Replace("model.layers", "blk", StringComparison.Ordinal)
        .Replace("model.norm", "output_norm", StringComparison.Ordinal)
        .Replace("lm_head", "output", StringComparison.Ordinal)
        .Replace("input_layernorm", "attn_norm", StringComparison.Ordinal)
        .Replace("post_attention_layernorm", "ffn_norm", StringComparison.Ordinal)
        .Replace("self_attn.o_proj", "attn_output", StringComparison.Ordinal)
        .Replace("self_attn.", "attn_", StringComparison.Ordinal)
        .Replace("mlp.", "ffn_", StringComparison.Ordinal)
        .Replace("_proj", "", StringComparison.Ordinal);

    private static void Fill(Stream stream, TensorShape tensor, GgufElement element, Random random)
    {
        if (element == GgufElement.F32)
        {
            float[] vector = new float[tensor.Length];
            Array.Fill(vector, tensor.Role == TensorRole.Norm ? 1 : 0);
            stream.Write(MemoryMarshal.AsBytes<float>(vector));
            return;
        }

        int blockBytes = element.BlockBytes();
        byte[] band = new byte[BandBlocks * blockBytes];
        for (long left = element.Bytes(tensor.Length); left > 0; left -= band.Length)
        {
            Span<byte> part = band.AsSpan(0, (int)Math.Min(left, band.Length));
            random.NextBytes(part);
            for (int start = 0; start < part.Length; start += blockBytes)
            {
                Settle(part.Slice(start, blockBytes), element);
            }

            stream.Write(part);
        }
    }

    /// <summary>
    /// Gives a block of random bytes its scale, and in four bits a mean of zero: with codes of -8 to 7 alike, a whole model drifts to
    /// where its softmax saturates.
    /// </summary>
    private static void Settle(Span<byte> block, GgufElement element)
    {
        // The root mean square of -128 to 127, and of -7 to 7 with zero twice.
        float spread = element == GgufElement.Q8_0 ? 73.9f : 4.18f;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)(StandardDeviation / spread));
        if (element != GgufElement.Q4_0)
        {
            return;
        }

        foreach (ref byte pair in block[2..])
        {
            int low = pair & 15;
            int high = pair >> 4;
            pair = (byte)((low == 0 ? 8 : low) | ((high == 0 ? 8 : high) << 4));
        }
    }
}
