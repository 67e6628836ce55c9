namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>Tokens of a run that attention treats alike, and the names of what belongs to them.</summary>
/// <param name="Prefix">Begins the names.</param>
internal readonly record struct RunPart(string Prefix)
{
    /// <summary>One token for each of the first slots, or several for one slot; in a joined run the former.</summary>
    public static readonly RunPart Rows = new("");

    /// <summary>In a joined run, several tokens for one slot.</summary>
    public static readonly RunPart Chunk = new("chunk_");

    public string SequenceLengths => $"{Prefix}seqlens_k";

    /// <param name="kind">key or value.</param>
    public string Past(int layer, string kind) => $"{Prefix}past_key_values.{layer}.{kind}";

    /// <inheritdoc cref="Past"/>
    public string Present(int layer, string kind) => $"{Prefix}present.{layer}.{kind}";
}
