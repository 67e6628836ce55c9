using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory;

/// <summary>What a model is converted to.</summary>
/// <param name="KvCache">Null where keys and values are kept in the type that the model computes in.</param>
public sealed record ModelForm(ModelPrecision Precision, Int8KvCache? KvCache = null)
{
    /// <summary>What manifests, reports and the evidence of answers call it, for example "int8" or "int8, kv int8".</summary>
    public string Name => KvCache is null ? Precision.Name() : Precision.Name() + ModelManifest.Int8KvCache;

    /// <summary>Whether a graph of that name, made earlier, is of this form; with the defaults of all options every graph is.</summary>
    internal bool Accepts(string? name)
    {
        bool hasInt8Cache = name?.EndsWith(ModelManifest.Int8KvCache, StringComparison.Ordinal) == true;
        return (KvCache is null || hasInt8Cache)
            && (Precision == ModelPrecision.Float32 || (hasInt8Cache ? name![..^ModelManifest.Int8KvCache.Length] : name) == Precision.Name());
    }
}
