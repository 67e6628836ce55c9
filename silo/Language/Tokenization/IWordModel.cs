namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>Turns one word, a piece of text that the pre-tokenizer has cut, into token ids. For any number of threads.</summary>
internal interface IWordModel
{
    /// <summary>Appends the word's tokens; none of them is a control token, however the word is spelled.</summary>
    void Encode(ReadOnlySpan<char> word, List<int> ids);
}
