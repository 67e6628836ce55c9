using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.OpenAi.Json;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Refuses the parameters that would change the answer and are not built, rather than answer something else than was asked for.</summary>
internal static class UnbuiltParameters
{
    private const string NotSupported = "it is not supported by this server";

    public static void Refuse(ChatCompletionRequest body)
    {
        RefuseShared(body);
        Refuse(
            ("tools", body.Tools),
            ("tool_choice", body.ToolChoice),
            ("functions", body.Functions),
            ("function_call", body.FunctionCall),
            ("top_logprobs", body.TopLogprobs),
            ("audio", body.Audio),
            ("prediction", body.Prediction),
            ("web_search_options", body.WebSearchOptions),
            ("reasoning_effort", body.ReasoningEffort),
            ("verbosity", body.Verbosity),
            ("chat_template", body.ChatTemplate),
            ("documents", body.Documents),
            ("continue_final_message", body.ContinueFinalMessage));
        RefuseUnless(body.ResponseFormat?.Type is null or "text", "response_format", "only the type 'text' is supported");
        RefuseUnless(body.Modalities is null or ["text"], "modalities", "only 'text' is supported");
        RefuseUnless(body.ChatTemplateKwargs?.HasForeign != true, "chat_template_kwargs", "only 'enable_thinking' is allowed");
    }

    public static void Refuse(CompletionRequest body)
    {
        RefuseShared(body);
        Refuse(("echo", body.Echo), ("suffix", body.Suffix));
        RefuseUnless(body.BestOf is null || body.BestOf == (body.N ?? 1), "best_of", "only the value of 'n' is supported");
    }

    public static void Refuse(ChatMessage message, string place)
    {
        string? name = message switch
        {
            { ToolCalls.IsAskedFor: true } => "tool_calls",
            { FunctionCall.IsAskedFor: true } => "function_call",
            { Audio.IsAskedFor: true } => "audio",
            { Prefix.IsAskedFor: true } => "prefix",
            _ => null,
        };
        if (name is not null)
        {
            RefuseUnless(false, $"{place}.{name}", NotSupported);
        }
    }

    private static void RefuseShared(GenerationFields body)
    {
        Refuse(
            ("logprobs", body.Logprobs),
            ("prompt_logprobs", body.PromptLogprobs),
            ("min_tokens", body.MinTokens),
            ("ignore_eos", body.IgnoreEos),
            ("stop_token_ids", body.StopTokenIds),
            ("include_stop_str_in_output", body.IncludeStopStrInOutput),
            ("structured_outputs", body.StructuredOutputs),
            ("guided_json", body.GuidedJson),
            ("guided_regex", body.GuidedRegex),
            ("guided_choice", body.GuidedChoice),
            ("guided_grammar", body.GuidedGrammar),
            ("cache_salt", body.CacheSalt),
            ("return_token_ids", body.ReturnTokenIds));
        RefuseUnless(body.SkipSpecialTokens != false, "skip_special_tokens", "only true is supported");
    }

    private static void Refuse(params ReadOnlySpan<(string Name, UnbuiltParameter Value)> parameters)
    {
        foreach ((string name, UnbuiltParameter value) in parameters)
        {
            RefuseUnless(!value.IsAskedFor, name, NotSupported);
        }
    }

    private static void RefuseUnless(bool isSupported, string name, string reason)
    {
        if (!isSupported)
        {
            throw RequestRejected.Unsupported(name, $"'{name}': {reason}");
        }
    }
}
