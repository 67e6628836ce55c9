namespace DeepSeekOrleans.ModelFactory;

/// <summary>A model directory that a worker can load.</summary>
/// <param name="Directory">Holds the decoder as ONNX, <c>config.json</c> and the tokenizer's files; <c>manifest.json</c> too when converted.</param>
/// <param name="Version">SHA-256 (hex) of the source files' names and contents: equal content has an equal version on every machine.</param>
/// <param name="Precision">Of weights and matrix products, and of the KV cache where it has its own, for example "int8" or "int8, kv int8"; "as exported" for a graph that others made.</param>
/// <param name="Converted">False when the source already held an ONNX decoder and is used where it lies.</param>
public sealed record PreparedModel(string Directory, string Version, string Precision, bool Converted);

/// <param name="BytesDone">Of this stage.</param>
/// <param name="BytesTotal">Of this stage.</param>
public sealed record ConversionProgress(ConversionStage Stage, long BytesDone, long BytesTotal);

public enum ConversionStage
{
    /// <summary>The source files are read to find out their version.</summary>
    Hashing,

    /// <summary>The weights are written in their new form. Left out when the cache holds it already.</summary>
    Converting,
}
