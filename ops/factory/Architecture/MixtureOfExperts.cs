using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>
/// A feed-forward network of many experts of which each token takes a few, plus shared ones that it always takes. The tokens are
/// sorted by expert, every expert computes its own piece, which may be empty, and the results are sorted back: no expert computes a
/// token that did not choose it.
/// </summary>
internal sealed class MixtureOfExperts : IFeedForwardBlock
{
    private readonly ExpertSettings _settings;
    private readonly GraphBuilder _builder;
    private readonly ExpertRouter _router;
    private readonly GatedFeedForward _expert;
    private readonly GatedFeedForward _shared;
    private readonly int _hidden;

    public MixtureOfExperts(DecoderConfig config, ExpertSettings settings, GraphBuilder builder, GraphWeights weights)
    {
        _settings = settings;
        _builder = builder;
        _hidden = config.Hidden;
        _router = new ExpertRouter(config, settings, builder, weights);
        _expert = new GatedFeedForward(builder, weights, config.Hidden, settings.Intermediate, hasBias: false);
        _shared = new GatedFeedForward(builder, weights, config.Hidden, settings.SharedIntermediate, hasBias: false);
    }

    public string Add(int layer, string input)
    {
        string prefix = $"layers.{layer}.experts";
        string tokens = _builder.Node("Reshape", $"{prefix}.tokens", [input, _builder.Integers($"{prefix}.tokens_shape", -1, _hidden)]);
        (string chosen, string weights) = _router.Add(layer, tokens);
        string flat = _builder.Node("Reshape", $"{prefix}.flat", [chosen, _builder.Integers($"{prefix}.flat_shape", -1)]);
        string length = _builder.Node("Shape", $"{prefix}.flat_length", [flat]);
        string order = Ascending($"{prefix}.order", flat, length);
        string computed = ByExpert(layer, prefix, SortedTokens(prefix, tokens, order), Counts(prefix, flat));
        string restored = _builder.Node("Gather", $"{prefix}.restored", [computed, Ascending($"{prefix}.inverse", order, length)]);
        string sum = WeightedSum(prefix, restored, weights);
        string output = _builder.Node("Reshape", $"{prefix}.output", [sum, _builder.Node("Shape", $"{prefix}.shape", [input])]);
        return _settings.SharedIntermediate == 0
            ? output
            : _builder.Node(
                "Add", $"{prefix}.sum", [output, _shared.Add($"layers.{layer}.shared_experts", $"model.layers.{layer}.mlp.shared_experts", input)]);
    }

    // Entry i of the sorted choices belongs to the token number order[i] / experts per token.
    private string SortedTokens(string prefix, string tokens, string order)
    {
        string owner = _builder.Node("Div", $"{prefix}.owner", [order, _builder.Integers($"{prefix}.per_token", _settings.Chosen)]);
        return _builder.Node("Gather", $"{prefix}.sorted", [tokens, owner]);
    }

    /// <returns>How many choices each expert has, int64 [experts].</returns>
    private string Counts(string prefix, string flat)
    {
        string flags = _builder.Node(
            "OneHot",
            $"{prefix}.flags",
            [flat, _builder.Integers($"{prefix}.count", _settings.Count), _builder.Integers($"{prefix}.off_on", 0, 1)]);
        return _builder.Node("ReduceSum", $"{prefix}.counts", [flags, _builder.Integers($"{prefix}.counts_axis", 0)], GraphBuilder.Attribute("keepdims", 0));
    }

    private string ByExpert(int layer, string prefix, string sorted, string counts)
    {
        string[] pieces = _builder.Nodes("Split", $"{prefix}.pieces", [sorted, counts], _settings.Count, GraphBuilder.Attribute("axis", 0));
        string[] results =
        [
            .. pieces.Select((piece, expert) => _expert.Add($"{prefix}.{expert}", $"model.layers.{layer}.mlp.experts.{expert}", piece)),
        ];
        return _builder.Node("Concat", $"{prefix}.computed", results, GraphBuilder.Attribute("axis", 0));
    }

    // A product of one row per token, so that the order of additions is the same in any company.
    private string WeightedSum(string prefix, string restored, string weights)
    {
        string perToken = _builder.Node(
            "Reshape", $"{prefix}.per_choice", [restored, _builder.Integers($"{prefix}.per_choice_shape", -1, _settings.Chosen, _hidden)]);
        string row = _builder.Node("Unsqueeze", $"{prefix}.weight_rows", [weights, _builder.Integers($"{prefix}.weight_axis", 1)]);
        return _builder.Node("MatMul", $"{prefix}.weighted", [row, perToken]);
    }

    /// <returns>The positions of the numbers from the smallest to the largest.</returns>
    private string Ascending(string name, string numbers, string length) =>
        _builder.Nodes("TopK", name, [numbers, length], 2, GraphBuilder.Attribute("axis", 0), GraphBuilder.Attribute("largest", 0))[1];
}
