using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language.Tests;

/// <summary>Builds a tokenizer from the text of a tokenizer.json.</summary>
internal static class TokenizerJson
{
    public static Tokenizer Load(string json)
    {
        string folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        try
        {
            string path = Path.Combine(folder, "tokenizer.json");
            File.WriteAllText(path, json);
            return new Tokenizer(TokenizerParts.Load(path, null));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
