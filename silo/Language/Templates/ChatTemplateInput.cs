using System.Text.Json;

namespace DeepSeekOrleans.Language;

/// <summary>What a chat template is rendered with. All of it counts as user text: it can never yield a control token.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>The list of messages, each with at least <c>role</c> and <c>content</c>.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>The list of tools that the model may call.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Ends the prompt with the beginning of the assistant's answer.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Further variables of the template, for example <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments { get; init; } = new Dictionary<string, JsonElement>();
}
