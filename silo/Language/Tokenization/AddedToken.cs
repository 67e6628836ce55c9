namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>A token that is matched in the text before the model sees it; the flags are those of tokenizer.json.</summary>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>A control token: left out of text that is decoded for a reader.</summary>
    public bool Special { get; init; }

    /// <summary>Is matched in the normalised text instead of the text as given.</summary>
    public bool Normalized { get; init; }

    /// <summary>Takes the whitespace to its left.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Takes the whitespace to its right.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Matches only where neither side continues a word.</summary>
    public bool SingleWord { get; init; }
}
