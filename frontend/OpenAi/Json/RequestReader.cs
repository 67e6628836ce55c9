using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.OpenAi.Json;

/// <summary>Reads request bodies, and turns what is wrong with them into the parameter's name and a text of ours.</summary>
internal sealed class RequestReader
{
    /// <summary>The serializer's own text would show type names.</summary>
    public const string WrongTypeText = "has the wrong type or does not fit it";

    private readonly int _maxBodyBytes;

    public RequestReader(IOptions<RequestLimits> limits)
    {
        RequestLimits most = limits.Value;
        _maxBodyBytes = most.MaxBodyBytes;
        var options = new JsonSerializerOptions(OpenAiJsonContext.Default.Options)
        {
            Converters =
            {
                new MessagesConverter(most.MaxMessages),
                new MessageContentConverter(most.MaxContentParts),
                new StopStringsConverter(most.MaxStopStrings),
                new LogitBiasConverter(most.MaxLogitBias),
                new TemplateArgumentsConverter(),
                new ConversationReferenceConverter(),
                new PromptConverter(most.MaxPrompts, most.MaxTokens),
            },
        };
        Chat = (JsonTypeInfo<ChatCompletionRequest>)options.GetTypeInfo(typeof(ChatCompletionRequest));
        Completion = (JsonTypeInfo<CompletionRequest>)options.GetTypeInfo(typeof(CompletionRequest));
        Conversation = (JsonTypeInfo<ConversationCreation>)options.GetTypeInfo(typeof(ConversationCreation));
    }

    public JsonTypeInfo<ChatCompletionRequest> Chat { get; }

    public JsonTypeInfo<CompletionRequest> Completion { get; }

    public JsonTypeInfo<ConversationCreation> Conversation { get; }

    /// <exception cref="RequestRejected">The body is too large, not JSON, or has a value of the wrong type.</exception>
    public async Task<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw RequestRejected.WrongContentType();
        }

        try
        {
            T? value = await JsonSerializer.DeserializeAsync(request.Body, type, cancellationToken).ConfigureAwait(false);
            return value ?? throw RequestRejected.MalformedJson();
        }
        catch (JsonException e)
        {
            throw Explain(e);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw RequestRejected.BodyTooLarge(_maxBodyBytes);
        }
    }

    private static RequestRejected Explain(JsonException e)
    {
        // the reader's exceptions (no JSON) come wrapped; those of a conversion do not; "$" is the body itself
        if (e.InnerException is JsonException || e.Path is null or "$" || e.Path.Length < 3)
        {
            return RequestRejected.MalformedJson();
        }

        string parameter = ParameterOf(e.Path);
        string problem = e is WrongShapeException || e.Path.StartsWith("$.messages[", StringComparison.Ordinal) ? e.Message : WrongTypeText;
        return RequestRejected.Invalid(parameter, $"'{parameter}' {problem}");
    }

    // "$.messages[0].content" is told as "messages[0].content"; a longer path than any of ours is the client's own invention
    private static string ParameterOf(string path) => path.Length <= 128 ? path[2..] : path[2..128];
}
