using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeepSeekOrleans.ModelFactory.Tests;

/// <summary>A tensor as a safetensors header describes it, right or wrong.</summary>
internal sealed record TinyTensor(string Name, string Element, long[] Shape, byte[] Bytes)
{
    /// <summary>Added to both offsets in the header.</summary>
    public long Shift { get; init; }
}

/// <summary>A Llama of one layer whose files a test may damage before they are written.</summary>
internal sealed class TinyModel : IDisposable
{
    public const int Hidden = 32;
    public const int Intermediate = 48;
    public const int Vocabulary = 20;
    private const int HeadSize = 16;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("tiny-model-");

    public TinyModel()
    {
        Directory.CreateDirectory(Source);
        AddTensor("model.embed_tokens.weight", Vocabulary, Hidden);
        AddTensor("model.norm.weight", Hidden);
        AddTensor("lm_head.weight", Vocabulary, Hidden);
        const string Layer = "model.layers.0";
        AddTensor($"{Layer}.input_layernorm.weight", Hidden);
        AddTensor($"{Layer}.post_attention_layernorm.weight", Hidden);
        AddTensor($"{Layer}.self_attn.q_proj.weight", 2 * HeadSize, Hidden);
        AddTensor($"{Layer}.self_attn.k_proj.weight", HeadSize, Hidden);
        AddTensor($"{Layer}.self_attn.v_proj.weight", HeadSize, Hidden);
        AddTensor($"{Layer}.self_attn.o_proj.weight", Hidden, 2 * HeadSize);
        AddTensor($"{Layer}.mlp.gate_proj.weight", Intermediate, Hidden);
        AddTensor($"{Layer}.mlp.up_proj.weight", Intermediate, Hidden);
        AddTensor($"{Layer}.mlp.down_proj.weight", Hidden, Intermediate);
    }

    public string Source => Path.Combine(_root.FullName, "source");

    public string Cache => Path.Combine(_root.FullName, "cache");

    public JsonObject Config { get; } = new()
    {
        ["model_type"] = "llama",
        ["hidden_size"] = Hidden,
        ["intermediate_size"] = Intermediate,
        ["num_hidden_layers"] = 1,
        ["num_attention_heads"] = 2,
        ["num_key_value_heads"] = 1,
        ["vocab_size"] = Vocabulary,
        ["max_position_embeddings"] = 64,
        ["rms_norm_eps"] = 1e-5,
        ["hidden_act"] = "silu",
        ["tie_word_embeddings"] = false,
    };

    public List<TinyTensor> Tensors { get; } = [];

    /// <summary>Replaces one tensor by what <paramref name="change"/> makes of it.</summary>
    public void Change(string name, Func<TinyTensor, TinyTensor> change)
    {
        int index = Tensors.FindIndex(tensor => tensor.Name == name);
        Tensors[index] = change(Tensors[index]);
    }

    public TinyModel Write()
    {
        WriteConfig();
        WriteWeights("model.safetensors", Tensors);
        return this;
    }

    public void WriteConfig() => File.WriteAllText(Path.Combine(Source, "config.json"), Config.ToJsonString());

    public void WriteWeights(string file, IReadOnlyList<TinyTensor> tensors)
    {
        JsonObject header = [];
        long offset = 0;
        foreach (TinyTensor tensor in tensors)
        {
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = tensor.Element,
                ["shape"] = JsonSerializer.SerializeToNode(tensor.Shape),
                ["data_offsets"] = JsonSerializer.SerializeToNode(new[] { offset + tensor.Shift, offset + tensor.Shift + tensor.Bytes.Length }),
            };
            offset += tensor.Bytes.Length;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        using BinaryWriter writer = new(File.Create(Path.Combine(Source, file)));
        writer.Write((long)json.Length);
        writer.Write(json);
        foreach (TinyTensor tensor in tensors)
        {
            writer.Write(tensor.Bytes);
        }
    }

    /// <summary>Splits the weights into two files and writes the index that names them.</summary>
    public void WriteShards(Action<JsonObject>? changeIndex = null)
    {
        string[] files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        JsonObject map = [];
        for (int shard = 0; shard < files.Length; shard++)
        {
            TinyTensor[] part = [.. Tensors.Where((_, index) => index % files.Length == shard)];
            WriteWeights(files[shard], part);
            foreach (TinyTensor tensor in part)
            {
                map[tensor.Name] = files[shard];
            }
        }

        changeIndex?.Invoke(map);
        File.WriteAllText(Path.Combine(Source, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    public PreparedModel Prepare(IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default) =>
        ModelConversion.Prepare(Source, Cache, progress, cancellationToken);

    public void Dispose() => _root.Delete(recursive: true);

    private void AddTensor(string name, params long[] shape)
    {
        long length = shape.Aggregate((product, dimension) => product * dimension);
        Random random = new(Tensors.Count);
        float[] values = [.. Enumerable.Range(0, (int)length).Select(_ => (float)(random.NextDouble() - 0.5))];
        Tensors.Add(new TinyTensor(name, "F32", shape, MemoryMarshal.AsBytes<float>(values).ToArray()));
    }
}
