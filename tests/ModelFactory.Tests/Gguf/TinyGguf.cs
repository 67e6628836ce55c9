using System.Text;

namespace DeepSeekOrleans.ModelFactory.Tests.Gguf;

/// <summary>A tensor as the table of a GGUF file describes it, right or wrong; dimensions the fastest first, as they are stored.</summary>
internal sealed record GgufTestTensor(string Name, ulong[] Dimensions, uint Type, byte[] Bytes)
{
    /// <summary>Added to the offset in the table.</summary>
    public long Shift { get; init; }
}

/// <summary>A GGUF file that a test may damage before it is written.</summary>
internal sealed class TinyGguf : IDisposable
{
    public const string FileName = "tiny.gguf";
    private const int Alignment = 32;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("tiny-gguf-");

    public List<(string Key, object Value)> Metadata { get; } = [];

    public List<GgufTestTensor> Tensors { get; } = [];

    public uint Version { get; set; } = 3;

    public string FilePath => Path.Combine(_root.FullName, FileName);

    public string Cache => Path.Combine(_root.FullName, "cache");

    /// <summary>A Llama of one layer in float32, the same as <see cref="TinyModel"/> but for what <paramref name="arrange"/> does to its tensors.</summary>
    public static TinyGguf From(TinyModel model, Func<string, TinyTensor, byte[]> arrange)
    {
        TinyGguf gguf = new();
        gguf.Metadata.AddRange(
        [
            ("general.architecture", "llama"),
            ("llama.context_length", 64u),
            ("llama.embedding_length", (uint)TinyModel.Hidden),
            ("llama.block_count", 1u),
            ("llama.feed_forward_length", (uint)TinyModel.Intermediate),
            ("llama.attention.head_count", 2u),
            ("llama.attention.head_count_kv", 1u),
            ("llama.attention.layer_norm_rms_epsilon", 1e-5f),
        ]);
        foreach (TinyTensor tensor in model.Tensors)
        {
            string name = NameOf(tensor.Name);
            gguf.Tensors.Add(new GgufTestTensor(name, [.. tensor.Shape.Reverse().Select(size => (ulong)size)], 0, arrange(name, tensor)));
        }

        return gguf;
    }

    public void Set(string key, object value)
    {
        Metadata.RemoveAll(pair => pair.Key == key);
        Metadata.Add((key, value));
    }

    public void Change(string name, Func<GgufTestTensor, GgufTestTensor> change)
    {
        int index = Tensors.FindIndex(tensor => tensor.Name == name);
        Tensors[index] = change(Tensors[index]);
    }

    public TinyGguf Write()
    {
        using BinaryWriter writer = new(File.Create(FilePath));
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)Tensors.Count);
        writer.Write((ulong)Metadata.Count);
        foreach ((string key, object value) in Metadata)
        {
            WriteText(writer, key);
            WriteValue(writer, value);
        }

        long offset = 0;
        foreach (GgufTestTensor tensor in Tensors)
        {
            WriteText(writer, tensor.Name);
            writer.Write(tensor.Dimensions.Length);
            Array.ForEach(tensor.Dimensions, writer.Write);
            writer.Write(tensor.Type);
            writer.Write(offset + tensor.Shift);
            offset += Aligned(tensor.Bytes.Length);
        }

        foreach (GgufTestTensor tensor in Tensors)
        {
            writer.BaseStream.Position = Aligned(writer.BaseStream.Position);
            writer.Write(tensor.Bytes);
        }

        return this;
    }

    public PreparedModel Prepare() => ModelConversion.Prepare(FilePath, Cache, progress: null, CancellationToken.None);

    public void Dispose() => _root.Delete(recursive: true);

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(4);
                writer.Write(number);
                break;
            case float number:
                writer.Write(6);
                writer.Write(number);
                break;
            case bool flag:
                writer.Write(7);
                writer.Write(flag);
                break;
            case string text:
                writer.Write(8);
                WriteText(writer, text);
                break;
            case string[] texts:
                writer.Write(9);
                writer.Write(8);
                writer.Write((ulong)texts.Length);
                Array.ForEach(texts, text => WriteText(writer, text));
                break;
            case int[] numbers:
                writer.Write(9);
                writer.Write(5);
                writer.Write((ulong)numbers.Length);
                Array.ForEach(numbers, writer.Write);
                break;
            case float[] numbers:
                writer.Write(9);
                writer.Write(6);
                writer.Write((ulong)numbers.Length);
                Array.ForEach(numbers, writer.Write);
                break;
            // What no writer would write: the type and the value as they are.
            case byte[] raw:
                writer.Write(raw);
                break;
            default:
                throw new ArgumentException($"no test needs a {value.GetType()}");
        }
    }

    private static string NameOf(string published) => published switch
    {
        "model.embed_tokens.weight" => "token_embd.weight",
        "model.norm.weight" => "output_norm.weight",
        "lm_head.weight" => "output.weight",
        _ => published
            .Replace("model.layers.", "blk.", StringComparison.Ordinal)
            .Replace("post_attention_layernorm", "ffn_norm", StringComparison.Ordinal)
            .Replace("input_layernorm", "attn_norm", StringComparison.Ordinal)
            .Replace("self_attn.o_proj", "attn_output", StringComparison.Ordinal)
            .Replace("self_attn.", "attn_", StringComparison.Ordinal)
            .Replace("mlp.", "ffn_", StringComparison.Ordinal)
            .Replace("_proj", "", StringComparison.Ordinal),
    };
}
