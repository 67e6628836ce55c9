namespace DeepSeekOrleans.Language.Templates;

/// <summary>
/// What one rendering may use. Templates come with a model and are data, not trusted code: each limit is far above what the
/// published templates need and low enough that the worst template ends within 100 ms.
/// </summary>
internal sealed record TemplateLimits
{
    public static TemplateLimits Default { get; } = new();

    /// <summary>Evaluated nodes and loop turns. A step takes 50 to 500 ns; a message costs the published templates about 100.</summary>
    public long Steps { get; init; } = 100_000;

    /// <summary>Further steps for each value (message, field, tool property) that the caller hands in: long chats take more.</summary>
    public long StepsPerInputValue { get; init; } = 200;

    /// <summary>The limit of all steps, however much the caller hands in: about a second.</summary>
    public long MaxSteps { get; init; } = 20_000_000;

    /// <summary>Characters of all strings made on the way.</summary>
    public long Characters { get; init; } = 4_000_000;

    /// <summary>Further characters for each character that the caller hands in: templates cut and join a message some 10 times.</summary>
    public long CharactersPerInputCharacter { get; init; } = 32;

    /// <summary>Characters of the rendered prompt: four million tokens' worth.</summary>
    public int OutputCharacters { get; init; } = 16_000_000;

    /// <summary>Nesting while rendering, macro calls included: a recursion ends before the thread's stack does.</summary>
    public int Depth { get; init; } = 200;

    /// <summary>Characters of a template's source. The longest published one has 14,000.</summary>
    public int SourceCharacters { get; init; } = 1_000_000;

    /// <summary>Nesting of a template's source, in expressions and blocks.</summary>
    public int SourceDepth { get; init; } = 100;
}
