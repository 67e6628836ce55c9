using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Stopping;

/// <summary>
/// The decoded text of one sequence, watched for its stop strings. What it allocates is paid by sequences with stop strings alone.
/// </summary>
internal sealed class StopText(Tokenizer tokenizer, IReadOnlyList<string> stops)
{
    private readonly IncrementalDecoder _decoder = tokenizer.CreateDecoder();
    private readonly StopStringMatcher _matcher = new(stops);

    /// <returns>True when the token completes a stop string.</returns>
    public bool Append(int token)
    {
        string text = _decoder.Append(token);
        return text.Length > 0 && _matcher.Append(text).Stopped;
    }
}
