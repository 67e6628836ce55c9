using System.Collections.Frozen;
using System.Collections.Immutable;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>The models on offer. Names resolve through this table and never become a path.</summary>
internal sealed class ModelCatalog
{
    private readonly FrozenDictionary<string, ServedModel> _byName;

    public ModelCatalog(IOptions<FrontendOptions> options, TimeProvider time)
    {
        Models = [.. options.Value.Models.Select(Load)];
        _byName = Models
            .SelectMany(model => model.Aliases.Prepend(model.Name).Select(name => KeyValuePair.Create(name, model)))
            .ToFrozenDictionary(StringComparer.Ordinal);
        LoadedAt = time.GetUtcNow();
    }

    public ImmutableArray<ServedModel> Models { get; }

    public DateTimeOffset LoadedAt { get; }

    /// <exception cref="RequestRejected">No model has this name or alias.</exception>
    public ServedModel Find(string name) => _byName.TryGetValue(name, out ServedModel? model) ? model : throw RequestRejected.UnknownModel(name);

    private static ServedModel Load(ServedModelOptions model)
    {
        var served = new ServedModel(model.Name, model.Version, [.. model.Aliases], ModelLanguage.Load(model.Directory));
        return model.ContextLength == 0 ? served : served with { ContextLength = Math.Min(model.ContextLength, served.ContextLength) };
    }
}
