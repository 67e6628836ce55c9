using System.Globalization;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>
/// Builds the slot form of a decoder: inputs <c>input_ids</c> int64 [batch, sequence], <c>seqlens_k</c> int32 [batch] (the
/// position of each row's last new token), <c>total_sequence_length</c> int32 [1], <c>logit_rows</c> int64 [n] (which of the batch x
/// sequence positions get logits) and the KV cache <c>past_key_values.N.key/value</c> [batch, KV heads, positions, head size]; outputs
/// <c>logits</c> float32 [n, vocabulary] and <c>present.N.key/value</c>, which the runner binds to the memory of the past, and in the
/// 16-bit forms <c>best_token</c> int64 [n] (<see cref="BestToken"/>): those are for devices that logits have to be fetched from. A
/// joined run (<see cref="JoinedRun"/>) has a batch of one, lengths and caches for each of its parts, and their sizes.
/// </summary>
internal sealed class DecoderGraph
{
    /// <summary>Tells the runner to compute an even number of rows always, which then do not depend on each other.</summary>
    public const string RowPairsProperty = "deepseek.row_pairs";

    private const string EmbeddingTable = "model.embed_tokens.weight";

    private readonly DecoderConfig _config;
    private readonly IRunForm _run;
    private readonly GraphBuilder _builder = new();
    private readonly GraphWeights _weights;
    private readonly IAttentionBlock _attention;
    private readonly GatedFeedForward _feedForward;
    private readonly MixtureOfExperts? _experts;

    private DecoderGraph(DecoderConfig config, IWeightSource store, ILinearForm form, IRunForm run)
    {
        _config = config;
        _run = run;
        _weights = new GraphWeights(store, _builder, form);
        _attention = config.Latent is { } latent
            ? new LatentAttention(config, latent, run, _builder, _weights)
            : new GroupedQueryAttention(config, run, _builder, _weights);
        _feedForward = new GatedFeedForward(_builder, _weights, config.Hidden, config.Intermediate, config.FeedForwardBias);
        _experts = config.Experts is { } experts ? new MixtureOfExperts(config, experts, _builder, _weights) : null;
    }

    public static GraphBuilder Build(DecoderConfig config, IWeightSource store, ILinearForm form, IRunForm run)
    {
        DecoderGraph graph = new(config, store, form, run);
        graph.DeclareInputs();
        string logits = graph.Decoder();
        graph.DeclareOutputs(logits);
        graph._weights.RefuseUnused(config);
        if (form.NeedsPairs)
        {
            graph._builder.Metadata[RowPairsProperty] = "1";
        }

        return graph._builder;
    }

    private void DeclareInputs()
    {
        _builder.Input("input_ids", OnnxElement.Int64, _run.Parts.Count == 1 ? "batch" : "1", "sequence");
        _run.DeclareParts(_builder);
        _builder.Input("total_sequence_length", OnnxElement.Int32, "1");
        _builder.Input("logit_rows", OnnxElement.Int64, "logit_count");
        foreach (RunPart part in _run.Parts)
        {
            _builder.Input(part.SequenceLengths, OnnxElement.Int32, $"{part.Prefix}batch");
            for (int layer = 0; layer < _config.Layers; layer++)
            {
                _builder.Input(part.Past(layer, "key"), _weights.Element, CacheShape(part));
                _builder.Input(part.Past(layer, "value"), _weights.Element, CacheShape(part));
            }
        }
    }

    private void DeclareOutputs(string logits)
    {
        _builder.Output(logits, OnnxElement.Float, "logit_count", Text(_config.Vocabulary));
        if (_weights.Element != OnnxElement.Float)
        {
            _builder.Output(BestToken.Add(_builder, logits, _config.Vocabulary), OnnxElement.Int64, "logit_count");
        }

        foreach (RunPart part in _run.Parts)
        {
            for (int layer = 0; layer < _config.Layers; layer++)
            {
                _builder.Output(part.Present(layer, "key"), _weights.Element, CacheShape(part));
                _builder.Output(part.Present(layer, "value"), _weights.Element, CacheShape(part));
            }
        }
    }

    private string[] CacheShape(RunPart part) => [$"{part.Prefix}batch", Text(_attention.CachedHeads), "positions", Text(_attention.CachedHeadSize)];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Decoder()
    {
        string residual = _weights.Embedding(EmbeddingTable, _config.Vocabulary, _config.Hidden, "input_ids");
        _attention.AddShared();
        string normed = _builder.Node(
            "SimplifiedLayerNormalization", "layers.0.input_norm", [residual, Norm("model.layers.0.input_layernorm.weight")], _config.NormAttributes());
        for (int layer = 0; layer < _config.Layers; layer++)
        {
            string attention = _attention.Add(layer, normed);
            (normed, residual) = SkipNorm($"layers.{layer}.post_attention_norm", attention, residual, $"model.layers.{layer}.post_attention_layernorm.weight");
            string feedForward = FeedForward(layer).Add(layer, normed);
            string nextNorm = layer + 1 < _config.Layers ? $"model.layers.{layer + 1}.input_layernorm.weight" : "model.norm.weight";
            (normed, residual) = SkipNorm($"layers.{layer}.output_norm", feedForward, residual, nextNorm);
        }

        return Head(normed);
    }

    private IFeedForwardBlock FeedForward(int layer) => _experts is not null && _config.Experts!.IsIn(layer) ? _experts : _feedForward;

    // Only the rows whose logits are asked for go through the largest matrix of all.
    private string Head(string normed)
    {
        string flat = _builder.Node("Reshape", "flat", [normed, _builder.Integers("flat_shape", -1, _config.Hidden)]);
        string rows = _builder.Node("Gather", "wanted_rows", [flat, "logit_rows"]);
        return _weights.Logits(_config.TiedEmbedding ? EmbeddingTable : "lm_head.weight", _config.Vocabulary, _config.Hidden, rows);
    }

    private string Norm(string weightName) => _weights.Add(weightName, _config.Hidden);

    private (string Normed, string Residual) SkipNorm(string name, string input, string residual, string weightName)
    {
        string sum = $"{name}.residual";
        _builder.Contribute(
            "SkipSimplifiedLayerNormalization", name, [input, residual, Norm(weightName)], [name, "", "", sum],
            GraphBuilder.Attribute("epsilon", _config.NormEpsilon));
        return (name, sum);
    }
}
