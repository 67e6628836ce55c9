namespace DeepSeekOrleans.Language;

/// <summary>A rendered chat.</summary>
/// <param name="Text">The whole prompt.</param>
/// <param name="Ids">Its tokens; control tokens only where the template itself wrote them.</param>
public sealed record RenderedPrompt(string Text, int[] Ids)
{
    private const string Opening = "<think>";
    private const string Closing = "</think>";

    /// <summary>The prompt's last think tag is an opening one with only whitespace after it: the model goes on inside its thought.</summary>
    public bool StartsInsideThinking
    {
        get
        {
            int opening = Text.LastIndexOf(Opening, StringComparison.Ordinal);
            int closing = Text.LastIndexOf(Closing, StringComparison.Ordinal);
            return opening > closing && Text.AsSpan(opening + Opening.Length).IsWhiteSpace();
        }
    }
}
