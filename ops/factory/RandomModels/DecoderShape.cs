using System.Text.Json.Nodes;

namespace DeepSeekOrleans.ModelFactory.RandomModels;

/// <summary>The sizes of a published decoder of the Llama family, as its <c>config.json</c> states them.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="ModelType"><c>qwen2</c> or <c>llama</c>.</param>
/// <param name="Intermediate">Width of the feed-forward part.</param>
/// <param name="IsTied">The output layer is the embedding turned.</param>
public sealed record DecoderShape(string Name, string ModelType, int Layers, int Hidden, int Intermediate, int Heads, int KeyValueHeads, int Vocabulary, bool IsTied)
{
    private const int DistillContext = 131_072;

    public double RotaryBase { get; init; } = 10_000;

    public double NormEpsilon { get; init; } = 1e-6;

    public int ContextLength { get; init; } = DistillContext;

    public int HeadSize => Hidden / Heads;

    /// <summary>Qwen2 adds a bias to queries, keys and values; Llama adds none.</summary>
    public bool HasAttentionBias => ModelType == "qwen2";

    /// <summary>The published shapes, smallest first.</summary>
    public static IReadOnlyList<DecoderShape> Known { get; } =
    [
        new("qwen2.5-0.5b", "qwen2", 24, 896, 4_864, 14, 2, 151_936, IsTied: true) { RotaryBase = 1_000_000, ContextLength = 32_768 },
        new("r1-distill-qwen-1.5b", "qwen2", 28, 1_536, 8_960, 12, 2, 151_936, IsTied: false),
        new("r1-distill-qwen-7b", "qwen2", 28, 3_584, 18_944, 28, 4, 152_064, IsTied: false),
        new("r1-distill-llama-8b", "llama", 32, 4_096, 14_336, 32, 8, 128_256, IsTied: false) { RotaryBase = 500_000, NormEpsilon = 1e-5 },
        new("r1-distill-qwen-14b", "qwen2", 48, 5_120, 13_824, 40, 8, 152_064, IsTied: false) { RotaryBase = 1_000_000, NormEpsilon = 1e-5 },
        new("r1-distill-qwen-32b", "qwen2", 64, 5_120, 27_648, 40, 8, 152_064, IsTied: false) { RotaryBase = 1_000_000, NormEpsilon = 1e-5 },
        new("r1-distill-llama-70b", "llama", 80, 8_192, 28_672, 64, 8, 128_256, IsTied: false) { RotaryBase = 500_000, NormEpsilon = 1e-5 },
    ];

    public static DecoderShape? Find(string name) => Known.FirstOrDefault(shape => shape.Name == name);

    /// <summary>All tensors in the order of a forward pass, by their Hugging Face names.</summary>
    public IEnumerable<TensorShape> Tensors()
    {
        yield return new TensorShape("model.embed_tokens.weight", [Vocabulary, Hidden], TensorRole.Matrix);
        for (int layer = 0; layer < Layers; layer++)
        {
            foreach (TensorShape tensor in LayerTensors($"model.layers.{layer}"))
            {
                yield return tensor;
            }
        }

        yield return new TensorShape("model.norm.weight", [Hidden], TensorRole.Norm);
        if (!IsTied)
        {
            yield return new TensorShape("lm_head.weight", [Vocabulary, Hidden], TensorRole.Matrix);
        }
    }

    /// <summary>The matrices that every step reads whole: of an embedding apart from the output layer it reads a row per token.</summary>
    public IEnumerable<TensorShape> StepTensors() =>
        Tensors().Where(tensor => tensor.Role == TensorRole.Matrix && (IsTied || tensor.Name != "model.embed_tokens.weight"));

    /// <summary>What <c>config.json</c> says.</summary>
    public JsonObject Configuration()
    {
        JsonObject config = new()
        {
            ["architectures"] = new JsonArray(HasAttentionBias ? "Qwen2ForCausalLM" : "LlamaForCausalLM"),
            ["model_type"] = ModelType,
            ["hidden_act"] = "silu",
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = Intermediate,
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KeyValueHeads,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = ContextLength,
            ["rms_norm_eps"] = NormEpsilon,
            ["rope_theta"] = RotaryBase,
            ["tie_word_embeddings"] = IsTied,
            ["torch_dtype"] = "bfloat16",
        };
        if (!HasAttentionBias)
        {
            config["rope_scaling"] = LlamaScaling();
        }

        return config;
    }

    private IEnumerable<TensorShape> LayerTensors(string layer)
    {
        int queries = Heads * HeadSize;
        int keys = KeyValueHeads * HeadSize;
        yield return new TensorShape($"{layer}.input_layernorm.weight", [Hidden], TensorRole.Norm);
        foreach ((string letter, int rows) in new[] { ("q", queries), ("k", keys), ("v", keys) })
        {
            yield return new TensorShape($"{layer}.self_attn.{letter}_proj.weight", [rows, Hidden], TensorRole.Matrix);
            if (HasAttentionBias)
            {
                yield return new TensorShape($"{layer}.self_attn.{letter}_proj.bias", [rows], TensorRole.Bias);
            }
        }

        yield return new TensorShape($"{layer}.self_attn.o_proj.weight", [Hidden, queries], TensorRole.Matrix);
        yield return new TensorShape($"{layer}.post_attention_layernorm.weight", [Hidden], TensorRole.Norm);
        yield return new TensorShape($"{layer}.mlp.gate_proj.weight", [Intermediate, Hidden], TensorRole.Matrix);
        yield return new TensorShape($"{layer}.mlp.up_proj.weight", [Intermediate, Hidden], TensorRole.Matrix);
        yield return new TensorShape($"{layer}.mlp.down_proj.weight", [Hidden, Intermediate], TensorRole.Matrix);
    }

    private static JsonObject LlamaScaling() => new()
    {
        ["rope_type"] = "llama3",
        ["factor"] = 8.0,
        ["low_freq_factor"] = 1.0,
        ["high_freq_factor"] = 4.0,
        ["original_max_position_embeddings"] = 8_192,
    };
}
