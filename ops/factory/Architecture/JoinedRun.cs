using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>
/// A row for each of several slots and behind them a chunk for one, so that both cost one pass over the weights. The tokens lie in one
/// row, [1, rows + chunk]; only attention, whose kernel takes several tokens of a slot in a batch of one, is computed for each part, by
/// the same calls as in runs of their own.
/// </summary>
internal sealed class JoinedRun : IRunForm
{
    private const string Sizes = "part_sizes";
    private const int TokenAxis = 1;

    public static JoinedRun Instance { get; } = new();

    public IReadOnlyList<RunPart> Parts { get; } = [RunPart.Rows, RunPart.Chunk];

    /// <summary><c>part_sizes</c> int64 [2]: rows, tokens of the chunk; neither may be 0.</summary>
    public void DeclareParts(GraphBuilder builder) => builder.Input(Sizes, OnnxElement.Int64, "2");

    public string Attend(GraphBuilder builder, AttentionCall call, string[] heads)
    {
        string[][] parts = Array.ConvertAll(heads, name => Split(builder, name));
        string[] rows = Array.ConvertAll(parts, part => Turned(builder, part[0]));
        string ofRows = Turned(builder, call.Add(builder, RunPart.Rows, rows));
        string ofChunk = call.Add(builder, RunPart.Chunk, Array.ConvertAll(parts, part => part[1]));
        return builder.Node("Concat", $"{call.Prefix}.parts_context", [ofRows, ofChunk], GraphBuilder.Attribute("axis", TokenAxis));
    }

    // heads that are packed into another input have no name
    private static string[] Split(GraphBuilder builder, string name) => name.Length == 0
        ? ["", ""]
        : builder.Nodes("Split", $"{name}.parts", [name, Sizes], 2, GraphBuilder.Attribute("axis", TokenAxis));

    // [1, rows, size] to [rows, 1, size] and back: where an axis is 1, no number moves.
    private static string Turned(GraphBuilder builder, string name) =>
        name.Length == 0 ? "" : builder.Node("Transpose", $"{name}.turned", [name], GraphBuilder.Attribute("perm", [1, 0, 2]));
}
