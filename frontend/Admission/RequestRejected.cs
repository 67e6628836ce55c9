using System.Globalization;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>
/// The client asked for something that it cannot have: a value outside its range, an unknown model, a wrong key. The message is
/// written for the client.
/// </summary>
internal sealed class RequestRejected : Exception
{
    private RequestRejected(RejectionKind kind, string? parameter, string code, string message)
        : base(message)
    {
        Kind = kind;
        Parameter = parameter;
        Code = code;
    }

    public RejectionKind Kind { get; }

    /// <summary>The parameter's name, as the client wrote it; null when the request as a whole is wrong.</summary>
    public string? Parameter { get; }

    /// <summary>A stable word for programs.</summary>
    public string Code { get; }

    public static RequestRejected Invalid(string? parameter, string message) =>
        new(RejectionKind.Invalid, parameter, "invalid_value", message);

    /// <param name="what">What of the parameter is measured, such as "entries of "; empty when it is the value itself.</param>
    public static RequestRejected Outside(string parameter, IFormattable value, IFormattable least, IFormattable most, string what = "") =>
        Invalid(
            parameter,
            string.Create(CultureInfo.InvariantCulture, $"{what}'{parameter}': {value} is out of range; it must be {least} to {most}"));

    /// <summary>The range does not hold its lower bound.</summary>
    public static RequestRejected OutsideAbove(string parameter, double value, double bound, double most) =>
        Invalid(
            parameter,
            string.Create(CultureInfo.InvariantCulture, $"'{parameter}': {value} is out of range; it must be above {bound} and up to {most}"));

    public static RequestRejected Missing(string parameter) =>
        new(RejectionKind.Invalid, parameter, "missing_required_parameter", $"'{parameter}' is required");

    public static RequestRejected Unsupported(string parameter, string message) =>
        new(RejectionKind.Invalid, parameter, "unsupported_parameter", message);

    public static RequestRejected MalformedJson() =>
        new(RejectionKind.Invalid, null, "invalid_json", "the body is not one valid JSON object");

    public static RequestRejected ContextExceeded(string parameter, int promptTokens, int maxTokens, int contextLength) =>
        new(
            RejectionKind.Invalid,
            parameter,
            "context_length_exceeded",
            $"this model's context is {contextLength} tokens; the prompt has {promptTokens} and {maxTokens} are asked for as output");

    public static RequestRejected UnknownModel(string model) =>
        new(RejectionKind.NotFound, "model", "model_not_found", $"the model '{Shorten(model)}' does not exist");

    public static RequestRejected UnknownConversation() =>
        new(RejectionKind.NotFound, "conversation", "conversation_not_found", "there is no such conversation");

    public static RequestRejected ConversationConflict() => new(
        RejectionKind.Conflict,
        "conversation",
        "conversation_conflict",
        "another turn of this conversation is under way, or has been added meanwhile; nothing was added for this request");

    public static RequestRejected ConversationFull() => new(
        RejectionKind.Invalid,
        "conversation",
        "conversation_full",
        "the conversation has as many turns, or as much text, as it may have; begin another one");

    public static RequestRejected InvalidKey() =>
        new(RejectionKind.Unauthenticated, null, "invalid_api_key", "an API key is required: 'Authorization: Bearer <key>' with a valid key");

    public static RequestRejected BodyTooLarge(int limit) =>
        new(RejectionKind.TooLarge, null, "request_too_large", $"the request body is larger than {limit} bytes");

    public static RequestRejected WrongContentType() =>
        new(RejectionKind.WrongContentType, null, "unsupported_media_type", "the content type must be application/json");

    // what comes back to the client is bounded, whatever it sent
    private static string Shorten(string text) => text.Length <= 128 ? text : string.Concat(text.AsSpan(0, 128), "...");
}

internal enum RejectionKind
{
    Invalid,
    Unauthenticated,
    NotFound,
    Conflict,
    TooLarge,
    WrongContentType,
}
