using System.Diagnostics.CodeAnalysis;

namespace DeepSeekOrleans.Engine;

/// <summary>States an invariant that holds in every build; a violation is a bug of the engine and stops it.</summary>
internal static class Ensure
{
    public static void That([DoesNotReturnIf(false)] bool condition, string violation)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"engine invariant violated: {violation}");
        }
    }
}
