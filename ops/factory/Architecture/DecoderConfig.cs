using System.Text.Json;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Architecture;

internal enum DecoderFamily
{
    Llama,
    Qwen2,
    Qwen3,
    DeepSeekV2,
    DeepSeekV3,
}

/// <summary>The sizes of a decoder, from <c>config.json</c>, every one inside a range that the arithmetic of its shapes survives.</summary>
internal sealed record DecoderConfig
{
    private const string FileName = "config.json";

    public required DecoderFamily Family { get; init; }

    /// <summary>The file that the sizes come from, for messages about them.</summary>
    public string DescribedBy { get; init; } = FileName;

    public required int Vocabulary { get; init; }

    public required int Hidden { get; init; }

    public required int Intermediate { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KeyValueHeads { get; init; }

    /// <summary>Numbers per attention head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Positions that the model was made for.</summary>
    public required int ContextLength { get; init; }

    public required float NormEpsilon { get; init; }

    public required bool TiedEmbedding { get; init; }

    public required bool QueryKeyValueBias { get; init; }

    public required bool AttentionOutputBias { get; init; }

    public required bool FeedForwardBias { get; init; }

    public required RotarySettings Rotary { get; init; }

    /// <summary>Null where attention is grouped-query.</summary>
    public LatentSettings? Latent { get; init; }

    /// <summary>Null where every layer has a plain feed-forward network.</summary>
    public ExpertSettings? Experts { get; init; }

    /// <summary>Stored layers beyond <see cref="Layers"/> that guess further tokens.</summary>
    public int PredictionLayers { get; init; }

    /// <summary>The blocks of FP8 weights; null for a model without them.</summary>
    public ScaleBlock? WeightBlock { get; init; }

    /// <summary>Qwen3 normalises each query and key head before the rotation.</summary>
    public bool NormalizesHeads => Family == DecoderFamily.Qwen3;

    public static DecoderConfig Load(string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            throw new ModelFormatException(FileName, "the file is missing");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(FileName, "not a JSON object");
            }

            return Parse(new ConfigReader(FileName, document.RootElement));
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(FileName, "not JSON", e);
        }
    }

    /// <summary>Reads what <c>config.json</c> holds, or what another kind of file says in its words.</summary>
    public static DecoderConfig Parse(ConfigReader config)
    {
        RefuseUnsupported(config);
        DecoderFamily family = config.Text("model_type") switch
        {
            "llama" => DecoderFamily.Llama,
            "qwen2" => DecoderFamily.Qwen2,
            "qwen3" => DecoderFamily.Qwen3,
            "deepseek_v2" => DecoderFamily.DeepSeekV2,
            "deepseek_v3" => DecoderFamily.DeepSeekV3,
            _ => throw config.Refused("model_type", "must be llama, qwen2, qwen3, deepseek_v2 or deepseek_v3"),
        };
        int hidden = config.Integer("hidden_size", 8, 65_536);
        int heads = config.Integer("num_attention_heads", 1, 1024);
        int contextLength = config.Integer("max_position_embeddings", 2, 4_194_304);
        bool attentionBias = config.Flag("attention_bias", family == DecoderFamily.Qwen2);
        RotarySettings rotary = RotarySettings.Parse(config, contextLength);
        bool isDeepSeek = family is DecoderFamily.DeepSeekV2 or DecoderFamily.DeepSeekV3;
        LatentSettings? latent = isDeepSeek ? LatentSettings.Parse(config, rotary) : null;
        return Checked(config, new DecoderConfig
        {
            Family = family,
            Vocabulary = config.Integer("vocab_size", 2, 4_194_304),
            Hidden = hidden,
            Intermediate = config.Integer("intermediate_size", 1, 1_048_576),
            Layers = config.Integer("num_hidden_layers", 1, 1024),
            Heads = heads,
            KeyValueHeads = isDeepSeek ? 1 : config.Integer("num_key_value_heads", 1, 1024, heads),
            HeadSize = latent is not null ? latent.PlainSize + latent.RotatedSize : config.Integer("head_dim", 2, 1024, Math.Max(2, hidden / heads)),
            ContextLength = contextLength,
            NormEpsilon = (float)config.Number("rms_norm_eps", 0, 1),
            TiedEmbedding = config.Flag("tie_word_embeddings", false),
            QueryKeyValueBias = attentionBias,
            // Qwen2 has biases on q, k and v alone; in the other families the flag speaks of all four.
            AttentionOutputBias = attentionBias && family != DecoderFamily.Qwen2,
            FeedForwardBias = config.Flag("mlp_bias", false),
            Rotary = rotary,
            Latent = latent,
            Experts = isDeepSeek ? ExpertSettings.Parse(config, sigmoidByDefault: family == DecoderFamily.DeepSeekV3) : null,
            PredictionLayers = isDeepSeek ? config.Integer("num_nextn_predict_layers", 0, 16, 0) : 0,
            WeightBlock = ParseWeightBlock(config),
        });
    }

    // What would change the result and is not built must not be ignored.
    private static void RefuseUnsupported(ConfigReader config)
    {
        if (config.Flag("use_sliding_window", false))
        {
            throw config.Refused("use_sliding_window", "is not supported");
        }

        if (config.Has("index_topk"))
        {
            throw config.Refused("index_topk", "is not supported: sparse attention by an indexer is not built");
        }

        if (config.Has("hc_mult"))
        {
            throw config.Refused("hc_mult", "is not supported: hyper-connections are not built");
        }

        if (config.Text("hidden_act") is not (null or "silu" or "swish"))
        {
            throw config.Refused("hidden_act", "must be silu");
        }
    }

    private static ScaleBlock? ParseWeightBlock(ConfigReader config)
    {
        if (config.Object("quantization_config") is not { } quantization)
        {
            return null;
        }

        if (quantization.Text("quant_method") != "fp8" || quantization.Text("fmt") is not (null or "e4m3"))
        {
            throw config.Refused("quantization_config", "must be of method fp8 in format e4m3");
        }

        int[] block = quantization.Integers("weight_block_size", 2, 1, 65_536);
        return new ScaleBlock(block[0], block[1]);
    }

    private static DecoderConfig Checked(ConfigReader reader, DecoderConfig config)
    {
        if (config.Latent is not null && config.QueryKeyValueBias)
        {
            throw reader.Refused("attention_bias", "is not supported with latent attention");
        }

        if (config.Heads % config.KeyValueHeads != 0)
        {
            throw reader.Refused("num_key_value_heads", $"must divide the {config.Heads} attention heads");
        }

        // The rotation turns pairs of numbers; widening heads with zeros would change the mean that Qwen3's norm divides by.
        int multiple = config.NormalizesHeads ? 16 : 2;
        return config.Latent is not null || config.HeadSize % multiple == 0 ? config : throw reader.Refused("head_dim", $"must be a multiple of {multiple}; it is {config.HeadSize}");
    }
}
