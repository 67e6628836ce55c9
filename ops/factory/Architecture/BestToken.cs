using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>
/// Names the token of each row of logits that greedy choice takes, where there is no doubt of it: its logit is finite, and every other
/// is less, which a number that is none never is. Elsewhere, and so for equals, it gives -1, and the logits have to be looked at.
/// </summary>
internal static class BestToken
{
    private const string Output = "best_token";

    /// <param name="vocabulary">Below 2^24, up to which float32 counts every whole number.</param>
    /// <returns>The name of an int64 output [rows].</returns>
    public static string Add(GraphBuilder builder, string logits, int vocabulary)
    {
        string[] largest = builder.Nodes("TopK", $"{Output}.largest", [logits, builder.Integers($"{Output}.one", 1)], 2);
        string isLess = builder.Node("Less", $"{Output}.is_less", [logits, largest[0]]);
        string ones = builder.Cast($"{Output}.ones", isLess, OnnxElement.Bool, OnnxElement.Float);
        string less = builder.Node(
            "ReduceSum", $"{Output}.less", [ones, builder.Integers($"{Output}.axis", -1)], GraphBuilder.Attribute("keepdims", 1));

        // all but one are less; the kernel of CUDA for Equal is that of opset 13, which a graph of opset 21 does not get
        string isOnly = builder.Node("Less", $"{Output}.is_only", [builder.Numbers($"{Output}.too_few", vocabulary - 2), less]);
        string isFinite = builder.Node("Less", $"{Output}.is_finite", [largest[0], builder.Numbers($"{Output}.infinity", float.PositiveInfinity)]);
        string isSure = builder.Node("And", $"{Output}.is_sure", [isOnly, isFinite]);
        string chosen = builder.Node("Where", $"{Output}.chosen", [isSure, largest[1], builder.Integers($"{Output}.none", -1)]);
        return builder.Node("Reshape", Output, [chosen, builder.Integers($"{Output}.shape", -1)]);
    }
}
