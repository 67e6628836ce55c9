using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.OpenAi.Json;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary><c>POST /v1/completions</c>: read, validate, prepare the prompts, open the answers, send them.</summary>
internal sealed class CompletionsEndpoint(
    RequestReader reader, CompletionRequestValidator validator, StreamOpener opener, AnswerSender sender, TimeProvider time)
{
    public async Task HandleAsync(HttpContext context)
    {
        var identity = RequestIdentity.Of(context);
        CompletionRequest body = await reader.ReadAsync(context.Request, reader.Completion, context.RequestAborted).ConfigureAwait(false);
        ValidCompletionRequest request = validator.Validate(body);
        GenerationPlan[] plans =
        [
            .. Prompts(request, identity.Tenant.Value)
                .SelectMany(prompt => GenerationPlan.CreateAll(identity, request.Model, prompt, request.Generation)),
        ];

        Answers answers = await Answers
            .OpenAsync(opener, plans, request.Generation.Choices, context.RequestAborted)
            .ConfigureAwait(false);
        await using (answers.ConfigureAwait(false))
        {
            long created = time.GetUtcNow().ToUnixTimeSeconds();
            var header = new AnswerHeader($"cmpl-{identity.RequestId}", created, request.Model, request.Shape);
            await sender.SendAsync(context, answers, new TextFormat(header), request.Shape).ConfigureAwait(false);
        }
    }

    private static IEnumerable<PreparedPrompt> Prompts(ValidCompletionRequest request, string tenant) => request.TokenIds.Length > 0
        ? request.TokenIds.Select(ids => PromptPreparation.FromTokens(request.Model, ids, tenant))
        : request.Texts.Select(text => PromptPreparation.FromText(request.Model, text, tenant));
}
