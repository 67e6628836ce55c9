using System.Text.Json;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>
/// Says in the words of <c>config.json</c> what the metadata and the tensors of a GGUF file say, so that both kinds of source are
/// held against the same ranges.
/// </summary>
internal sealed class GgufConfig
{
    private readonly GgufFile _file;
    private readonly GgufMetadata _metadata;
    private readonly string _architecture;

    private GgufConfig(GgufFile file)
    {
        _file = file;
        _metadata = file.Metadata;
        _architecture = _metadata.RequiredText("general.architecture");
    }

    /// <summary>The configuration as a Hugging Face directory would have it.</summary>
    /// <exception cref="ModelFormatException">A key is missing, of a wrong type, or asks for what is not built.</exception>
    public static JsonObject Describe(GgufFile file)
    {
        GgufConfig config = new(file);
        config.RefuseUnsupported();
        return config.Describe();
    }

    /// <summary>The sizes of the decoder.</summary>
    /// <param name="published">What <see cref="Describe(GgufFile)"/> made of the same file.</param>
    public static DecoderConfig Parse(GgufFile file, JsonObject published)
    {
        using JsonDocument document = JsonDocument.Parse(published.ToJsonString());
        DecoderConfig config = DecoderConfig.Parse(new ConfigReader(file.Name, document.RootElement));
        return config with
        {
            DescribedBy = file.Name,
            // The flags of config.json are fewer than the kinds of files; which biases there are, the tensors say.
            QueryKeyValueBias = file.Tensors.ContainsKey("blk.0.attn_q.bias"),
            AttentionOutputBias = file.Tensors.ContainsKey("blk.0.attn_output.bias"),
            FeedForwardBias = file.Tensors.ContainsKey("blk.0.ffn_gate.bias"),
            Rotary = config.Rotary with { Divisors = RotaryFactors(file, config.HeadSize) },
        };
    }

    private string Key(string name) => $"{_architecture}.{name}";

    // What would change the result and is not built must not be ignored.
    private void RefuseUnsupported()
    {
        if (_architecture is not ("llama" or "qwen2" or "qwen3"))
        {
            throw _metadata.Refused("general.architecture", $"is '{_architecture}'; llama, qwen2 and qwen3 are read");
        }

        if (_metadata.Integer(Key("expert_count"), 0) > 0)
        {
            throw _metadata.Refused(Key("expert_count"), "is not supported: experts are read from Hugging Face directories only");
        }

        if (!_metadata.Flag(Key("attention.causal"), true))
        {
            throw _metadata.Refused(Key("attention.causal"), "must be true");
        }

        if (_metadata.Integer(Key("attention.sliding_window"), 0) > 0)
        {
            throw _metadata.Refused(Key("attention.sliding_window"), "is not supported");
        }
    }

    private JsonObject Describe()
    {
        int hidden = _metadata.Integer(Key("embedding_length"));
        int heads = _metadata.Integer(Key("attention.head_count"));
        int headSize = _metadata.Integer(Key("attention.key_length"), hidden / Math.Max(1, heads));
        if (_metadata.Integer(Key("attention.value_length"), headSize) != headSize)
        {
            throw _metadata.Refused(Key("attention.value_length"), $"must equal the {headSize} numbers of a key");
        }

        if (_metadata.Integer(Key("rope.dimension_count"), headSize) != headSize)
        {
            throw _metadata.Refused(Key("rope.dimension_count"), $"must be {headSize}: heads that are rotated in part are not supported");
        }

        JsonObject config = new()
        {
            ["model_type"] = _architecture,
            // The embedding is the truth: the vocabulary may be padded beyond the tokens that the tokenizer knows.
            ["vocab_size"] = _file.Tensors.TryGetValue(TensorNames.Embedding, out GgufTensor? embedding) ? embedding.Rows : 0,
            ["hidden_size"] = hidden,
            ["intermediate_size"] = _metadata.Integer(Key("feed_forward_length")),
            ["num_hidden_layers"] = _metadata.Integer(Key("block_count")),
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = _metadata.Integer(Key("attention.head_count_kv"), heads),
            ["head_dim"] = headSize,
            ["max_position_embeddings"] = _metadata.Integer(Key("context_length")),
            ["rms_norm_eps"] = _metadata.Number(Key("attention.layer_norm_rms_epsilon")),
            ["rope_theta"] = _metadata.Number(Key("rope.freq_base"), 10_000),
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = !_file.Tensors.ContainsKey(TensorNames.Output),
        };
        if (Scaling() is { } scaling)
        {
            config["rope_scaling"] = scaling;
        }

        return config;
    }

    private JsonObject? Scaling()
    {
        double factor = _metadata.Number(Key("rope.scaling.factor"), _metadata.Number(Key("rope.scale_linear"), 0));
        switch (_metadata.Text(Key("rope.scaling.type")))
        {
            case "none":
                return null;
            // A factor without a type is the older way to say linear.
            case null or "linear":
                return factor == 0 ? null : new JsonObject { ["rope_type"] = "linear", ["factor"] = factor };
            case "yarn":
                return Yarn(factor);
            case { } other:
                throw _metadata.Refused(Key("rope.scaling.type"), $"is '{other}'; none, linear and yarn are read");
        }
    }

    private JsonObject Yarn(double factor)
    {
        // Below zero means the default, which is 1 for this type; anything else would blend the frequencies in another way.
        double extrapolation = _metadata.Number(Key("rope.scaling.yarn_ext_factor"), 1);
        if (extrapolation is >= 0 and not 1)
        {
            throw _metadata.Refused(Key("rope.scaling.yarn_ext_factor"), "must be 1");
        }

        JsonObject scaling = new()
        {
            ["rope_type"] = "yarn",
            ["factor"] = factor,
            // Both multiply YaRN's own factor, as the key of this name does in config.json.
            ["attn_factor"] = _metadata.Number(Key("rope.scaling.attn_factor"), 1) * _metadata.Number(Key("rope.scaling.yarn_attn_factor"), 1),
            ["beta_fast"] = _metadata.Number(Key("rope.scaling.yarn_beta_fast"), 32),
            ["beta_slow"] = _metadata.Number(Key("rope.scaling.yarn_beta_slow"), 1),
        };
        if (_metadata.Has(Key("rope.scaling.original_context_length")))
        {
            scaling["original_max_position_embeddings"] = _metadata.Integer(Key("rope.scaling.original_context_length"));
        }

        return scaling;
    }

    // The scaling of Llama 3 comes as a tensor: what each frequency is to be divided by.
    private static float[]? RotaryFactors(GgufFile file, int headSize)
    {
        if (!file.Tensors.TryGetValue(TensorNames.RotaryFactors, out GgufTensor? tensor))
        {
            return null;
        }

        float[] factors = new float[headSize / 2];
        if (tensor.Rows != 1 || tensor.Columns != factors.Length)
        {
            throw new ModelFormatException(file.Name, $"tensor '{tensor.Name}' must hold {factors.Length} numbers, one for each frequency");
        }

        GgufMatrix.Of(file, tensor).Read(0, 0, factors);
        return factors.All(factor => float.IsFinite(factor) && factor > 0)
            ? factors
            : throw new ModelFormatException(file.Name, $"tensor '{tensor.Name}' must hold finite numbers above 0");
    }
}
