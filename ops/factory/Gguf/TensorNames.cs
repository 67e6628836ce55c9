using System.Globalization;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>The names of tensors in GGUF and in Hugging Face files.</summary>
internal static class TensorNames
{
    public const string RotaryFactors = "rope_freqs.weight";
    public const string Embedding = "token_embd.weight";
    public const string Output = "output.weight";

    private const string LayerPrefix = "blk.";

    /// <summary>The name in Hugging Face files; null for a tensor that the architectures which are read have not.</summary>
    public static string? Published(string name)
    {
        if (!name.StartsWith(LayerPrefix, StringComparison.Ordinal))
        {
            return name switch
            {
                Embedding => "model.embed_tokens.weight",
                Output => "lm_head.weight",
                "output_norm.weight" => "model.norm.weight",
                _ => null,
            };
        }

        string[] parts = name[LayerPrefix.Length..].Split('.');
        return parts.Length == 3
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            && parts[2] is "weight" or "bias"
            && OfLayer(parts[1]) is { } part
            ? $"model.layers.{layer}.{part}.{parts[2]}"
            : null;
    }

    private static string? OfLayer(string part) => part switch
    {
        "attn_norm" => "input_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "ffn_norm" => "post_attention_layernorm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => null,
    };
}
