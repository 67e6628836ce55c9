namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>The sizes of multi-head latent attention (DeepSeek-V2, section 2.1), from <c>config.json</c>.</summary>
internal sealed record LatentSettings
{
    /// <summary>Numbers that queries are squeezed through; null where they come from the hidden state at once.</summary>
    public required int? QueryRank { get; init; }

    /// <summary>Numbers of the latent vector that all heads' keys and values are unfolded from.</summary>
    public required int Rank { get; init; }

    /// <summary>Numbers of a query or key head without position.</summary>
    public required int PlainSize { get; init; }

    /// <summary>Numbers of a query or key head that positions rotate; the key's are shared by all heads.</summary>
    public required int RotatedSize { get; init; }

    /// <summary>Numbers of a value head.</summary>
    public required int ValueSize { get; init; }

    /// <summary>What the products of queries and keys are multiplied by.</summary>
    public required float Scale { get; init; }

    public static LatentSettings Parse(ConfigReader config, RotarySettings rotary)
    {
        if (!config.Flag("rope_interleave", true))
        {
            throw config.Refused("rope_interleave", "must be true: latent attention rotates neighbouring numbers");
        }

        int plain = config.Integer("qk_nope_head_dim", 1, 1024);
        int rotated = config.Integer("qk_rope_head_dim", 2, 1024);
        if (rotated % 2 != 0)
        {
            throw config.Refused("qk_rope_head_dim", "must be even: the rotation turns pairs");
        }

        return new LatentSettings
        {
            QueryRank = config.Has("q_lora_rank") ? config.Integer("q_lora_rank", 1, 65_536) : null,
            Rank = config.Integer("kv_lora_rank", 1, 8192),
            PlainSize = plain,
            RotatedSize = rotated,
            ValueSize = config.Integer("v_head_dim", 1, 1024),
            Scale = (float)(rotary.SoftmaxFactor / Math.Sqrt(plain + rotated)),
        };
    }
}
