namespace DeepSeekOrleans.Language;

/// <summary>A range of a string, in UTF-16 code units.</summary>
/// <param name="Start">0 or more.</param>
/// <param name="Length">0 or more.</param>
public readonly record struct TextSpan(int Start, int Length)
{
    /// <summary>The first position after the range.</summary>
    public int End => Start + Length;
}
