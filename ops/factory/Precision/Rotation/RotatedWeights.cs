using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision.Rotation;

/// <summary>
/// The weights of the same model with its residual stream, and each head's values, turned by an orthogonal matrix. In exact arithmetic
/// every logit stays what it was; but what flows through the model has no outliers any more, which 8 bits per token could not hold. The
/// weights of the norms are multiplied into the matrices behind them, since a norm commutes with a rotation only without them.
/// </summary>
internal sealed class RotatedWeights(IWeightSource source, DecoderConfig config) : IWeightSource
{
    private const string Embedding = "model.embed_tokens.weight";

    private readonly OrthogonalMatrix _stream = new(config.Hidden);
    private readonly OrthogonalMatrix _head = new(config.HeadSize);

    public IEnumerable<string> Names => source.Names;

    public IWeightMatrix Get(string name, params ReadOnlySpan<int> shape)
    {
        if (name == "lm_head.weight")
        {
            return new RotatedInputs(source.Get(config.TiedEmbedding ? Embedding : name, shape), Norm("model.norm.weight"), _stream);
        }

        IWeightMatrix stored = source.Get(name, shape);
        return name switch
        {
            Embedding => new RotatedInputs(stored, scale: null, _stream),
            "model.norm.weight" => new Ones(stored.Columns),
            _ when name.StartsWith("model.layers.", StringComparison.Ordinal) => OfLayer(name, stored),
            _ => stored,
        };
    }

    public void Dispose() => source.Dispose();

    private IWeightMatrix OfLayer(string name, IWeightMatrix stored)
    {
        string layer = name[..name.IndexOf('.', "model.layers.".Length)];
        string[] words = name[(layer.Length + 1)..].Split('.');
        return (words[0], words[^2], words[^1]) switch
        {
            ("input_layernorm" or "post_attention_layernorm", _, _) => new Ones(stored.Columns),
            ("self_attn", "v_proj", "weight") => new RotatedOutputs(Reading($"{layer}.input_layernorm.weight", stored), _head),
            ("self_attn", "v_proj", "bias") => new RotatedInputs(stored, scale: null, _head),
            ("self_attn", "q_proj" or "k_proj" or "q_a_proj" or "kv_a_proj_with_mqa", "weight") => Reading($"{layer}.input_layernorm.weight", stored),
            ("self_attn", "o_proj", "weight") => new RotatedOutputs(Output(stored), _stream),
            ("mlp", "gate_proj" or "up_proj" or "gate", "weight") => Reading($"{layer}.post_attention_layernorm.weight", stored),
            ("mlp", "down_proj", "weight") => new RotatedOutputs(stored, _stream),
            (_, "o_proj" or "down_proj", "bias") => new RotatedInputs(stored, scale: null, _stream),
            _ => stored,
        };
    }

    private RotatedInputs Reading(string norm, IWeightMatrix stored) => new(stored, Norm(norm), _stream);

    // The values of latent attention are not rotated: they are unfolded from the cache by a matrix of their own.
    private IWeightMatrix Output(IWeightMatrix stored) => config.Latent is null ? new RotatedInputs(stored, scale: null, _head) : stored;

    private float[] Norm(string name)
    {
        float[] weights = new float[config.Hidden];
        source.Get(name, config.Hidden).Read(0, 0, weights);
        return weights;
    }

    private sealed class Ones(int columns) : IWeightMatrix
    {
        public int Rows => 1;

        public int Columns => columns;

        public void Read(int row, int column, Span<float> target) => target.Fill(1);
    }
}
