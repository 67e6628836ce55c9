using System.Text.Json;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.KvCaching;

/// <summary>A text cut into the pieces that a model reads.</summary>
internal static class CalibrationWindows
{
    // Bounds the time; 512 positions bound the memory, and a pair of a key has the same magnitude wherever it is turned to.
    private const int MostTokens = 4096;
    private const int Longest = 512;

    // In a chat the first tokens are control tokens, and most heads rest on the first.
    private const int QuestionLength = 400;

    /// <param name="directory">Holds the tokenizer and, where there is one, the chat template.</param>
    /// <exception cref="ModelFormatException">There is no tokenizer.</exception>
    public static IReadOnlyList<int[]> Cut(string directory, string text, int contextLength)
    {
        ModelText language = ModelText.Load(directory);
        int longest = Math.Min(Longest, contextLength);
        int[] tokens = language.Tokenizer.EncodeWithSpecial(text, ControlTokens.AsText);
        List<int[]> windows = [.. tokens.Take(MostTokens).Chunk(longest)];
        if (windows.Count == 0)
        {
            throw new ModelFormatException("tokenizer.json", "makes no token of the calibration text");
        }

        if (Question(language.Template, text) is { Length: > 0 } question)
        {
            windows.Add([.. question.Take(longest)]);
        }

        return windows;
    }

    private static int[]? Question(ChatTemplate? template, string text)
    {
        object[] messages = [new { role = "user", content = text[..Math.Min(text.Length, QuestionLength)] }];
        try
        {
            return template?.Render(new ChatTemplateInput { Messages = JsonSerializer.SerializeToElement(messages) }).Ids;
        }
        catch (TemplateException)
        {
            return null; // a template that refuses a plain question is served none either
        }
    }
}
