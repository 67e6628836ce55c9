using DeepSeekOrleans.Language;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>The demo model's byte-level tokenizer, read once.</summary>
internal static class DemoTokenizer
{
    public static Tokenizer Instance { get; } = ModelLanguage.Load(Repository.DemoModel).Tokenizer;
}
