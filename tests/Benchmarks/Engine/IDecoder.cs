namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>A loaded model, whoever computes it: everything that is timed is timed by the same code.</summary>
internal interface IDecoder : IDisposable
{
    int Vocabulary { get; }

    /// <summary>Feeds a prompt to sequence 0 from its beginning and reads the logits after its last token.</summary>
    void Prefill(ReadOnlySpan<int> prompt);

    /// <summary>Makes the sequences 1 to <paramref name="sequences"/> - 1 copies of the first <paramref name="length"/> positions of sequence 0.</summary>
    void Spread(int sequences, int length);

    /// <summary>Forgets what the first <paramref name="sequences"/> sequences hold from <paramref name="length"/> on.</summary>
    void Truncate(int sequences, int length);

    /// <summary>Feeds one token to each of the sequences 0 to <c>tokens.Length - 1</c>, all at the same position, and reads their logits.</summary>
    void Decode(ReadOnlySpan<int> tokens, int position);
}
