using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Tests.Admission;

/// <summary>The demo model's tokenizer, template and settings, read once.</summary>
internal static class DemoModel
{
    public const string Name = "demo";
    public const string Alias = "org/demo-alias";
    public const int ContextLength = 2048;
    public const int Vocabulary = 4096;

    private static readonly Lazy<ModelLanguage> Loaded = new(() => ModelLanguage.Load(Repository.DemoModel));

    public static ModelLanguage Language => Loaded.Value;

    public static ServedModel Served { get; } = new(Name, "0123456789abcdef", [Alias], Language);

    public static FrontendOptions Options => new()
    {
        HttpPort = 0,
        GrpcPort = 0,
        Models = [new ServedModelOptions { Name = Name, Directory = Repository.DemoModel, Version = "0123456789abcdef", Aliases = [Alias] }],
    };

    public static ModelCatalog Catalog { get; } =
        new(Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System);
}
