using System.Text.Json;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>Renders and tokenizes prompts. Control tokens come from the model's own template, never from a user's text.</summary>
internal static class PromptPreparation
{
    private static readonly JsonElement True = JsonDocument.Parse("true").RootElement;
    private static readonly JsonElement False = JsonDocument.Parse("false").RootElement;

    /// <exception cref="RequestRejected">The model has no chat template, or its template does not accept the messages.</exception>
    public static PreparedPrompt FromChat(ServedModel model, JsonElement messages, bool? thinking, string tenant)
    {
        ChatTemplate template = model.Language.Template
            ?? throw RequestRejected.Unsupported("messages", "this model has no chat template; use text completions");
        try
        {
            RenderedPrompt rendered = template.Render(new ChatTemplateInput { Messages = messages, Arguments = Arguments(thinking) });
            return Prepare(model, rendered.Ids, rendered.StartsInsideThinking, tenant, "messages");
        }
        catch (TemplateException)
        {
            // the template's own text is the model author's, not ours
            throw RequestRejected.Invalid(
                "messages",
                "'messages' do not fit the model's chat template; usually user and assistant must alternate, after at most one system message");
        }
    }

    /// <exception cref="RequestRejected">The text has no token.</exception>
    public static PreparedPrompt FromText(ServedModel model, string text, string tenant)
    {
        int[] ids = model.Language.Tokenizer.EncodeWithSpecial(text, ControlTokens.AsText);
        return ids.Length > 0
            ? Prepare(model, ids, null, tenant, "prompt")
            : throw RequestRejected.Invalid("prompt", "'prompt' must have at least one token");
    }

    public static PreparedPrompt FromTokens(ServedModel model, int[] ids, string tenant) => Prepare(model, ids, null, tenant, "prompt");

    private static PreparedPrompt Prepare(ServedModel model, int[] ids, bool? startsInReasoning, string tenant, string parameter) =>
        new(ids, startsInReasoning, PrefixChain.Compute(tenant, ids), parameter);

    // templates know the switch by either name
    private static Dictionary<string, JsonElement> Arguments(bool? thinking) => thinking is { } on
        ? new() { ["enable_thinking"] = on ? True : False, ["thinking"] = on ? True : False }
        : [];
}
