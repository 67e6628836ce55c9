using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>
/// Chooses the experts of each token: DeepSeek-V2, section 2.2 (softmax, the best groups by their best expert), and DeepSeek-V3,
/// section 2.1.2 (sigmoid, a correction for the choice alone, the best groups by the sum of their two best experts).
/// </summary>
internal sealed class ExpertRouter(DecoderConfig config, ExpertSettings experts, GraphBuilder builder, GraphWeights weights)
{
    /// <param name="tokens">[tokens, hidden].</param>
    /// <returns>The numbers of the experts, int64, and their weights in the type of the activations, each [tokens, experts per token].</returns>
    public (string Chosen, string Weights) Add(int layer, string tokens)
    {
        string prefix = $"layers.{layer}.router";
        string source = $"model.layers.{layer}.mlp.gate";
        // In float32 whatever the precision: a score that is rounded sends a token to another expert.
        string exact = builder.Cast($"{prefix}.tokens", tokens, weights.Element, OnnxElement.Float);
        string gate = weights.AddFloat32($"{source}.weight", experts.Count, config.Hidden);
        string logits = builder.Node("Gemm", $"{prefix}.logits", [exact, gate], GraphBuilder.Attribute("transB", 1));
        string scores = experts.Sigmoid
            ? builder.Node("Sigmoid", $"{prefix}.scores", [logits])
            : builder.Node("Softmax", $"{prefix}.scores", [logits], GraphBuilder.Attribute("axis", -1));
        string preference = experts.HasCorrection
            ? builder.Node("Add", $"{prefix}.corrected", [scores, weights.AddFloat32($"{source}.e_score_correction_bias", experts.Count)])
            : scores;
        if (experts.GroupScore != GroupScore.None)
        {
            preference = WithinBestGroups(prefix, preference);
        }

        string chosen = Largest($"{prefix}.chosen", preference, experts.Chosen).Indices;
        return (chosen, ExpertWeights(prefix, scores, chosen));
    }

    private string ExpertWeights(string prefix, string scores, string chosen)
    {
        string picked = builder.Node("GatherElements", $"{prefix}.picked", [scores, chosen], GraphBuilder.Attribute("axis", -1));
        if (experts.Normalizes)
        {
            string sum = builder.Node("ReduceSum", $"{prefix}.sum", [picked, builder.Integers($"{prefix}.sum_axis", -1)], GraphBuilder.Attribute("keepdims", 1));
            string nonzero = builder.Node("Add", $"{prefix}.nonzero_sum", [sum, builder.Numbers($"{prefix}.tiny", 1e-20f)]);
            picked = builder.Node("Div", $"{prefix}.shares", [picked, nonzero]);
        }

        string weighted = builder.Node("Mul", $"{prefix}.weights", [picked, builder.Numbers($"{prefix}.factor", experts.Factor)]);
        return builder.Cast($"{prefix}.weights_cast", weighted, OnnxElement.Float, weights.Element);
    }

    // Adds minus infinity to the experts of all groups but the best.
    private string WithinBestGroups(string prefix, string preference)
    {
        string groups = builder.Node(
            "Reshape", $"{prefix}.groups", [preference, builder.Integers($"{prefix}.groups_shape", -1, experts.Groups, experts.Count / experts.Groups)]);
        string best = Largest($"{prefix}.best_groups", GroupScores(prefix, groups), experts.ChosenGroups).Indices;
        string flags = builder.Node(
            "OneHot",
            $"{prefix}.group_flags",
            [best, builder.Integers($"{prefix}.group_count", experts.Groups), builder.Numbers($"{prefix}.group_penalties", float.NegativeInfinity, 0)]);
        string penalty = builder.Node("ReduceMax", $"{prefix}.penalty", [flags, builder.Integers($"{prefix}.penalty_axis", 1)], GraphBuilder.Attribute("keepdims", 0));
        string widened = builder.Node("Unsqueeze", $"{prefix}.penalty_of_expert", [penalty, builder.Integers($"{prefix}.expert_axis", 2)]);
        string limited = builder.Node("Add", $"{prefix}.limited", [groups, widened]);
        return builder.Node("Reshape", $"{prefix}.preference", [limited, builder.Integers($"{prefix}.preference_shape", -1, experts.Count)]);
    }

    private string GroupScores(string prefix, string groups)
    {
        string axis = builder.Integers($"{prefix}.score_axis", -1);
        return experts.GroupScore == GroupScore.Largest
            ? builder.Node("ReduceMax", $"{prefix}.group_scores", [groups, axis], GraphBuilder.Attribute("keepdims", 0))
            : builder.Node(
                "ReduceSum", $"{prefix}.group_scores", [Largest($"{prefix}.two_best", groups, 2).Values, axis], GraphBuilder.Attribute("keepdims", 0));
    }

    private (string Values, string Indices) Largest(string name, string input, int count)
    {
        string[] found = builder.Nodes("TopK", name, [input, builder.Integers($"{name}.count", count)], 2);
        return (found[0], found[1]);
    }
}
