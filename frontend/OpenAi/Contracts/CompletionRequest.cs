using DeepSeekOrleans.Frontend.OpenAi.Json;

namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The body of <c>POST /v1/completions</c>, as sent. Fields that are not here are ignored.</summary>
internal sealed record CompletionRequest : GenerationFields
{
    public PromptInput? Prompt { get; init; }

    public int? BestOf { get; init; }

    // parameters that would change the answer and are not built
    public UnbuiltParameter Echo { get; init; }

    public UnbuiltParameter Suffix { get; init; }
}

/// <summary>The prompts of a request: texts or token ids, exactly one of the two.</summary>
internal sealed record PromptInput(string[]? Texts, int[][]? TokenIds);
