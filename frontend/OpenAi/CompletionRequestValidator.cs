using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Turns a completions body into a <see cref="ValidCompletionRequest"/>, or refuses it with the parameter's name.</summary>
internal sealed class CompletionRequestValidator(ModelCatalog catalog, GenerationValidator generations, IOptions<RequestLimits> limits)
{
    private readonly RequestLimits _limits = limits.Value;

    /// <exception cref="RequestRejected">A part of the body is missing, outside its range or not supported.</exception>
    public ValidCompletionRequest Validate(CompletionRequest body)
    {
        ServedModel model = catalog.Find(body.Model ?? throw RequestRejected.Missing("model"));
        UnbuiltParameters.Refuse(body);
        PromptInput prompt = body.Prompt ?? throw RequestRejected.Missing("prompt");
        ValidGeneration generation = generations.Validate(body.ToRequested(), model);
        int streams = (prompt.Texts?.Length ?? prompt.TokenIds!.Length) * generation.Choices;
        if (streams < 1 || streams > _limits.MaxStreams)
        {
            throw RequestRejected.Outside("prompt", streams, 1, _limits.MaxStreams, "answers to ");
        }

        return new ValidCompletionRequest
        {
            Model = model,
            Texts = Texts(prompt.Texts ?? []),
            TokenIds = [.. (prompt.TokenIds ?? []).Select(ids => PromptTokens.Validate("prompt", ids, model))],
            Generation = generation with { KeepsAnswer = generation.KeepsAnswer && streams == 1 },
            Shape = body.ToShape(),
        };
    }

    private string[] Texts(string[] texts)
    {
        long characters = texts.Sum(text => (long)text.Length);
        return characters <= _limits.MaxPromptCharacters
            ? texts
            : throw RequestRejected.Outside("prompt", characters, 0, _limits.MaxPromptCharacters, "characters in ");
    }
}
