namespace DeepSeekOrleans.Engine.Onnx.Containment;

/// <summary>A tensor that a graph keeps in another file, as the graph describes it. Nothing of it is checked yet.</summary>
internal sealed class ExternalTensor
{
    public string Name { get; set; } = "";

    /// <summary>In the numbering of ONNX, which is that of ONNX Runtime's element types.</summary>
    public int Type { get; set; }

    public List<long> Shape { get; } = [];

    /// <summary>It belongs to the graph itself, not to a node or to a graph inside it.</summary>
    public bool IsConstant { get; init; }

    /// <summary>Where the numbers lie: <c>location</c>, and in bytes <c>offset</c> and <c>length</c>.</summary>
    public Dictionary<string, string> Data { get; } = new(StringComparer.Ordinal);

    public bool IsExternal => Data.ContainsKey("location");

    public string Location => Data["location"];
}
