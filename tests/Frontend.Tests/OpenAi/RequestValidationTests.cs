using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.OpenAi;
using DeepSeekOrleans.Frontend.OpenAi.Json;
using DeepSeekOrleans.Frontend.Tests.Admission;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Tests.OpenAi;

/// <summary>From the bytes of a body to a valid request or a refusal with the parameter's name.</summary>
public sealed class RequestValidationTests
{
    private static readonly RequestLimits Limits = new() { MaxMessages = 3, MaxContentParts = 2, MaxPromptCharacters = 40 };
    private static readonly RequestReader Reader = new(Options.Create(Limits));
    private static readonly GenerationValidator Generations = new(Options.Create(Limits), new SeedSource());
    private static readonly ChatRequestValidator Chat = new(DemoModel.Catalog, new ChatMessagesValidator(Options.Create(Limits)), Generations);
    private static readonly CompletionRequestValidator Completion = new(DemoModel.Catalog, Generations, Options.Create(Limits));

    /// <summary>Every number: parameter, JSON at the limit, JSON beyond it.</summary>
    public static TheoryData<string, string, string> Limited => new()
    {
        { "temperature", "0", "-0.01" },
        { "temperature", "2", "2.001" },
        { "temperature", "1e-300", "1e308" },
        { "top_p", "1", "1.0001" },
        { "top_p", "0.0001", "0" },
        { "top_p", "0.0001", "1e-60" },
        { "top_k", "-1", "-2" },
        { "top_k", "1000000", "1000001" },
        { "min_p", "0", "-0.1" },
        { "min_p", "1", "1.1" },
        { "presence_penalty", "-2", "-2.1" },
        { "presence_penalty", "2", "2.1" },
        { "frequency_penalty", "-2", "-2.1" },
        { "frequency_penalty", "2", "2.1" },
        { "repetition_penalty", "2", "2.1" },
        { "repetition_penalty", "0.01", "0" },
        { "max_tokens", "1", "0" },
        { "max_tokens", "131072", "131073" },
        { "max_tokens", "131072", "2147483648" },
        { "max_completion_tokens", "1", "-1" },
        { "max_completion_tokens", "131072", "131073" },
        { "n", "1", "0" },
        { "n", "8", "9" },
        { "n", "8", "1000000000" },
        { "seed", "9223372036854775807", "9223372036854775808" },
        { "seed", "-9223372036854775808", "1.5" },
        { "user", Text(512), Text(513) },
        { "stop", Strings(16), Strings(17) },
        { "stop", Text(256), Text(257) },
        { "stop", Text(1), Text(0) },
        { "logit_bias", Biases(300), Biases(301) },
        { "logit_bias", """{"0": -100}""", """{"0": -100.5}""" },
        { "logit_bias", """{"4095": 100}""", """{"4096": 100}""" },
        { "messages", Messages(3), Messages(4) },
        { "messages", Messages(1), "[]" },
        { "messages", Messages(1, Text(40)), Messages(1, Text(41)) },
        { "messages[0].content", Messages(1, Parts(2)), Messages(1, Parts(3)) },
    };

    /// <summary>Wrong types and shapes: parameter that is named, field, JSON.</summary>
    public static TheoryData<string, string, string> Misshapen => new()
    {
        { "temperature", "temperature", "\"1\"" },
        { "temperature", "temperature", "\"NaN\"" },
        { "temperature", "temperature", "true" },
        { "max_tokens", "max_tokens", "1.5" },
        { "max_tokens", "max_tokens", "[]" },
        { "n", "n", "\"2\"" },
        { "stream", "stream", "\"true\"" },
        { "model", "model", "7" },
        { "stop", "stop", "[1]" },
        { "stop", "stop", "{}" },
        { "logit_bias", "logit_bias", "[]" },
        { "logit_bias", "logit_bias", """{"a": 1}""" },
        { "logit_bias", "logit_bias", """{"1": "1"}""" },
        { "stream_options.include_usage", "stream_options", """{"include_usage": 1}""" },
        { "thinking.type", "thinking", """{"type": "maybe"}""" },
        { "chat_template_kwargs", "chat_template_kwargs", """{"enable_thinking": "yes"}""" },
        { "messages", "messages", "{}" },
        { "messages", "messages", "\"hello\"" },
        { "messages", "messages", "[null]" },
        { "messages[0].role", "messages", """[{"role": 1, "content": "x"}]""" },
        { "messages[1].role", "messages", """[{"role": "user", "content": "x"}, {"role": "tool", "content": "x"}]""" },
        { "messages[0].role", "messages", """[{"content": "x"}]""" },
        { "messages[0].content", "messages", """[{"role": "user"}]""" },
        { "messages[0].content", "messages", """[{"role": "user", "content": 5}]""" },
        { "messages[0].content", "messages", """[{"role": "user", "content": [5]}]""" },
    };

    /// <summary>What would change the answer and is not built: parameter that is named, field, JSON.</summary>
    public static TheoryData<string, string, string> Unbuilt => new()
    {
        { "tools", "tools", """[{"type": "function"}]""" },
        { "tool_choice", "tool_choice", "\"required\"" },
        { "functions", "functions", """[{}]""" },
        { "function_call", "function_call", """{"name": "f"}""" },
        { "response_format", "response_format", """{"type": "json_object"}""" },
        { "logprobs", "logprobs", "true" },
        { "top_logprobs", "top_logprobs", "3" },
        { "audio", "audio", """{"voice": "x"}""" },
        { "modalities", "modalities", """["text", "audio"]""" },
        { "prediction", "prediction", """{"type": "content"}""" },
        { "web_search_options", "web_search_options", """{"search_context_size": "low"}""" },
        { "reasoning_effort", "reasoning_effort", "\"high\"" },
        { "min_tokens", "min_tokens", "5" },
        { "ignore_eos", "ignore_eos", "true" },
        { "chat_template", "chat_template", "\"{{ 1 }}\"" },
        { "chat_template_kwargs", "chat_template_kwargs", """{"tools": true}""" },
        { "skip_special_tokens", "skip_special_tokens", "false" },
        { "structured_outputs", "structured_outputs", """{"json": {}}""" },
        { "messages[0].tool_calls", "messages", """[{"role": "user", "content": "x", "tool_calls": [{}]}]""" },
        { "messages[0].prefix", "messages", """[{"role": "user", "content": "x", "prefix": true}]""" },
        { "messages[0].content[1]", "messages", """[{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url"}]}]""" },
    };

    [Theory]
    [MemberData(nameof(Limited))]
    public async Task Validate_ValueAtTheLimit_Passes(string parameter, string atLimit, string beyond)
    {
        Assert.NotEqual(atLimit, beyond);

        Assert.NotNull(await ValidateChatAsync(Body(FieldOf(parameter), atLimit)));
    }

    [Theory]
    [MemberData(nameof(Limited))]
    public async Task Validate_ValueBeyondTheLimit_IsRefusedWithItsName(string parameter, string atLimit, string beyond)
    {
        Assert.NotEqual(atLimit, beyond);

        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(Body(FieldOf(parameter), beyond)));

        Assert.Equal(parameter, rejection.Parameter);
        Assert.Equal("invalid_value", rejection.Code);
        Assert.DoesNotContain("System.", rejection.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Misshapen))]
    public async Task Validate_WrongShape_IsRefusedWithItsName(string parameter, string field, string json)
    {
        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(Body(field, json)));

        Assert.Equal(parameter, rejection.Parameter);
        Assert.Equal(RejectionKind.Invalid, rejection.Kind);
        Assert.DoesNotContain("System.", rejection.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Unbuilt))]
    public async Task Validate_UnbuiltParameter_IsRefusedAsUnsupported(string parameter, string field, string json)
    {
        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(Body(field, json)));

        Assert.Equal(parameter, rejection.Parameter);
        Assert.Equal("unsupported_parameter", rejection.Code);
    }

    [Theory]
    [InlineData("tools", "[]")]
    [InlineData("tools", "null")]
    [InlineData("tool_choice", "\"none\"")]
    [InlineData("response_format", """{"type": "text"}""")]
    [InlineData("logprobs", "false")]
    [InlineData("top_logprobs", "0")]
    [InlineData("modalities", """["text"]""")]
    [InlineData("temperature", "null")]
    [InlineData("store", "true")]
    [InlineData("metadata", """{"a": {"b": [1, 2]}}""")]
    [InlineData("service_tier", "\"auto\"")]
    [InlineData("something_new", """{"deep": [[[]]]}""")]
    public async Task Validate_NeutralOrUnknownField_Passes(string field, string json) =>
        Assert.NotNull(await ValidateChatAsync(Body(field, json)));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"model\": \"demo\"} {}")]
    [InlineData("{'model': 'demo'}")]
    [InlineData("\u0000")]
    public async Task Read_MalformedJson_IsRefused(string body)
    {
        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(body));

        Assert.Equal("invalid_json", rejection.Code);
    }

    [Theory]
    [InlineData("""{"model": "demo", "model": "demo", "messages": []}""")]
    [InlineData("""{"model": "\ud800", "messages": []}""")]
    [InlineData("""{"model": "demo", "messages": [{"role": "user", "content": "\udfff"}]}""")]
    [InlineData("""{"model": "demo", "messages": [{"role": "user", "content": [{"type": "text", "text": "\udfff"}]}]}""")]
    [InlineData("""{"model": "demo", "stop": "\udfff", "messages": []}""")]
    [InlineData("""{"model": "demo", "stop": ["\udfff"], "messages": []}""")]
    [InlineData("""{"model": "demo", "logit_bias": {"\udfff": 1}, "messages": []}""")]
    [InlineData("""{"model": "demo", "chat_template_kwargs": {"\udfff": 1}, "messages": []}""")]
    [InlineData("""{"\udfff": 1, "model": "demo", "messages": []}""")]
    public async Task Read_DuplicateFieldOrHalfCharacter_IsRefusedNotFailed(string body)
    {
        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(body));

        Assert.Equal(RejectionKind.Invalid, rejection.Kind);
    }

    [Fact]
    public async Task Read_TooDeepJson_IsRefused()
    {
        string body = Body("unknown", new string('[', 10_000) + new string(']', 10_000));

        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(body));

        Assert.Equal("invalid_json", rejection.Code);
    }

    [Fact]
    public async Task Validate_UnknownModel_IsNotFound()
    {
        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(Body("model", "\"../demo\"")));

        Assert.Equal(RejectionKind.NotFound, rejection.Kind);
        Assert.Equal("model_not_found", rejection.Code);
    }

    [Fact]
    public async Task Validate_Alias_FindsTheModel()
    {
        ValidChatRequest request = await ValidateChatAsync(Body("model", $"\"{DemoModel.Alias}\""));

        Assert.Equal(DemoModel.Name, request.Model.Name);
    }

    [Fact]
    public async Task Validate_ManyMessagesBeyondTheLimit_AllocatesLittle()
    {
        string body = Body("messages", Messages(200_000));
        await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(body));
        DefaultHttpContext context = Context(body);

        long before = GC.GetAllocatedBytesForCurrentThread();
        RequestRejected rejection = Assert.Throws<RequestRejected>(
            () => Reader.ReadAsync(context.Request, Reader.Chat, CancellationToken.None).GetAwaiter().GetResult());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal("messages", rejection.Parameter);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Fact]
    public async Task Validate_RolesAndParts_BecomeTheTemplatesForm()
    {
        const string messages = """
            [{"role": "developer", "content": "a"}, {"role": "user", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]},
             {"role": "assistant", "content": "d", "reasoning_content": "ignored"}]
            """;

        ValidChatRequest request = await ValidateChatAsync(Body("messages", messages));

        Assert.Equal(
            """[{"role":"system","content":"a"},{"role":"user","content":"bc"},{"role":"assistant","content":"d"}]""",
            new ChatMessagesValidator(Options.Create(Limits)).ToTemplateInput(request.Messages).GetRawText());
    }

    [Theory]
    [InlineData("""{"type": "enabled"}""", null, true)]
    [InlineData("""{"type": "disabled"}""", null, false)]
    [InlineData(null, "false", false)]
    [InlineData("""{"type": "enabled"}""", "true", true)]
    [InlineData(null, null, null)]
    public async Task Validate_ThinkingByEitherName_IsRead(string? thinking, string? argument, bool? expected)
    {
        string body = Body("thinking", thinking ?? "null", $$"""{"enable_thinking": {{argument ?? "true"}}}""", argument is null ? "ignored" : "chat_template_kwargs");

        ValidChatRequest request = await ValidateChatAsync(body);

        Assert.Equal(expected, request.Thinking);
    }

    [Fact]
    public async Task Validate_ThinkingContradiction_IsRefused()
    {
        string body = Body("thinking", """{"type": "enabled"}""", """{"enable_thinking": false}""", "chat_template_kwargs");

        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateChatAsync(body));

        Assert.Equal("chat_template_kwargs", rejection.Parameter);
    }

    [Fact]
    public async Task Validate_NothingSaid_TakesTheModelsDefaults()
    {
        ValidChatRequest request = await ValidateChatAsync(Body("n", "1"));

        Assert.Equal(0.6f, request.Generation.Sampling.Temperature);
        Assert.Equal(0.95f, request.Generation.Sampling.TopP);
        Assert.Null(request.Generation.MaxTokens);
    }

    [Theory]
    [InlineData("""{"temperature": 0}""", true)]
    [InlineData("""{"temperature": 0, "cache": false}""", false)]
    [InlineData("""{"temperature": 0, "n": 2}""", false)]
    [InlineData("""{"temperature": 1, "seed": 5}""", false)]
    [InlineData("""{"temperature": 1, "seed": 5, "cache": true}""", true)]
    [InlineData("""{"temperature": 1, "cache": true}""", false)]
    public async Task Validate_RepeatableRequest_KeepsItsAnswer(string fields, bool keeps)
    {
        ValidChatRequest request = await ValidateChatAsync(Body("messages", Messages(1))[..^1] + "," + fields[1..]);

        Assert.Equal(keeps, request.Generation.KeepsAnswer);
    }

    [Theory]
    [InlineData("\"a text\"", 1, 0)]
    [InlineData("""["one", "two"]""", 2, 0)]
    [InlineData("[1, 2, 4095]", 0, 1)]
    [InlineData("[[1], [2, 3]]", 0, 2)]
    public async Task ValidateCompletion_FourFormsOfPrompt_AreRead(string prompt, int texts, int lists)
    {
        ValidCompletionRequest request = await ValidateCompletionAsync($$"""{"model": "demo", "prompt": {{prompt}}}""");

        Assert.Equal((texts, lists), (request.Texts.Length, request.TokenIds.Length));
    }

    [Theory]
    [InlineData("prompt", """{"model": "demo"}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": []}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": [[]]}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": [1, "a"]}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": [1.5]}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": [[1], 2]}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": [4096]}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": [-1]}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": {"a": 1}}""")]
    [InlineData("prompt", """{"model": "demo", "prompt": ["1", "2", "3"], "n": 8}""")]
    [InlineData("echo", """{"model": "demo", "prompt": "a", "echo": true}""")]
    [InlineData("suffix", """{"model": "demo", "prompt": "a", "suffix": "b"}""")]
    [InlineData("best_of", """{"model": "demo", "prompt": "a", "best_of": 2}""")]
    [InlineData("logprobs", """{"model": "demo", "prompt": "a", "logprobs": 2}""")]
    public async Task ValidateCompletion_WrongPromptOrUnbuilt_IsRefusedWithItsName(string parameter, string body)
    {
        RequestRejected rejection = await Assert.ThrowsAsync<RequestRejected>(() => ValidateCompletionAsync(body));

        Assert.Equal(parameter, rejection.Parameter);
    }

    private static string FieldOf(string parameter) => parameter.Split('[')[0];

    private static string Body(string field, string json, string second = "null", string secondField = "ignored")
    {
        string model = field == "model" ? "" : "\"model\": \"demo\", ";
        string messages = field == "messages" ? "" : $"\"messages\": {Messages(1)}, ";
        return $"{{{model}{messages}\"{field}\": {json}, \"{secondField}\": {second}}}";
    }

    private static string Text(int length) => $"\"{new string('x', length)}\"";

    private static string Strings(int count) => $"[{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"s{i}\""))}]";

    private static string Biases(int count) => $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\":1"))}}}";

    private static string Parts(int count) => $"[{string.Join(',', Enumerable.Repeat("""{"type": "text", "text": "x"}""", count))}]";

    private static string Messages(int count, string content = "\"x\"") =>
        $"[{string.Join(',', Enumerable.Repeat($$"""{"role": "user", "content": {{content}}}""", count))}]";

    private static async Task<ValidChatRequest> ValidateChatAsync(string body) =>
        Chat.Validate(await Reader.ReadAsync(Context(body).Request, Reader.Chat, CancellationToken.None));

    private static async Task<ValidCompletionRequest> ValidateCompletionAsync(string body) =>
        Completion.Validate(await Reader.ReadAsync(Context(body).Request, Reader.Completion, CancellationToken.None));

    private static DefaultHttpContext Context(string body)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        return context;
    }
}
