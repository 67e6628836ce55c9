namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>Every refusal and failure, in a body of its own or as the last event of a stream.</summary>
internal sealed record ErrorBody(ErrorDetails Error);

/// <summary>All four keys are always present; clients match on <paramref name="Code"/>.</summary>
internal sealed record ErrorDetails(string Message, string Type, string? Param, string? Code);
