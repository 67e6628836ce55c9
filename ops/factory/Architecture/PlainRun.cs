using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>A row for each of several slots, or a chunk for one.</summary>
internal sealed class PlainRun : IRunForm
{
    public static PlainRun Instance { get; } = new();

    public IReadOnlyList<RunPart> Parts { get; } = [RunPart.Rows];

    public void DeclareParts(GraphBuilder builder)
    {
        // there is one
    }

    public string Attend(GraphBuilder builder, AttentionCall call, string[] heads) => call.Add(builder, RunPart.Rows, heads);
}
