namespace DeepSeekOrleans.Language;

/// <summary>What the spelling of a control token (an added token such as <c>&lt;think&gt;</c>) means in a text to encode.</summary>
public enum ControlTokens
{
    /// <summary>Ordinary text: the text can never yield an added token. For everything that a user wrote.</summary>
    AsText,

    /// <summary>The token itself, as the Hugging Face libraries do. For text from the model's own files.</summary>
    Recognized,
}
