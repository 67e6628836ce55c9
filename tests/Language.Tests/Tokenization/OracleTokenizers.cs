using System.Collections.Concurrent;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

/// <summary>The large tokenizers of the shared data, each read once for all tests.</summary>
internal static class OracleTokenizers
{
    private static readonly ConcurrentDictionary<string, Lazy<Tokenizer>> Loaded = new();

    public static Tokenizer Load(string name) => Loaded.GetOrAdd(name, key => new Lazy<Tokenizer>(() => Read(key))).Value;

    public static TokenizerConfig Config(string name, string file = TokenizerConfig.FileName) =>
        TokenizerConfig.Read(SharedData.Path($"tokenizers/{name}/{file}"));

    private static Tokenizer Read(string name) => new(TokenizerParts.Load(SharedData.Path($"tokenizers/{name}/tokenizer.json"), null));
}
