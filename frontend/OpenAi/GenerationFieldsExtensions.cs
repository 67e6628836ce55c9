using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>From the protocol's fields to the frontend's own terms.</summary>
internal static class GenerationFieldsExtensions
{
    public static RequestedGeneration ToRequested(this GenerationFields body) => new()
    {
        Temperature = body.Temperature,
        TopP = body.TopP,
        TopK = body.TopK,
        MinP = body.MinP,
        PresencePenalty = body.PresencePenalty,
        FrequencyPenalty = body.FrequencyPenalty,
        RepetitionPenalty = body.RepetitionPenalty,
        LogitBias = body.LogitBias,
        Seed = body.Seed,
        MaxTokens = body.MaxTokens,
        Stop = body.Stop?.Values ?? [],
        Choices = body.N,
        Cache = body.Cache,
        User = body.User,
    };

    public static AnswerShape ToShape(this GenerationFields body) => new(
        Stream: body.Stream == true,
        IncludeUsage: body.StreamOptions?.IncludeUsage == true,
        Obfuscate: body.StreamOptions?.IncludeObfuscation == true,
        Evidence: body.Evidence == true);
}
