using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>One answer to compute: everything that the cluster is told about it.</summary>
internal sealed record GenerationPlan
{
    /// <summary>Unique in the cluster, never chosen by a client.</summary>
    public required string RequestId { get; init; }

    /// <summary>The conversation that the request belongs to, within its tenant.</summary>
    public required string Session { get; init; }

    public required ServedModel Model { get; init; }

    public required PreparedPrompt Prompt { get; init; }

    public required GenerationOrder Order { get; init; }

    /// <summary>Null when the answer is neither shared nor kept.</summary>
    public AnswerKey? AnswerKey => Order.AnswerKey;

    /// <summary>The plans of all answers to one prompt.</summary>
    /// <exception cref="RequestRejected">Prompt and answer do not fit the model's context.</exception>
    public static GenerationPlan[] CreateAll(
        RequestIdentity identity, ServedModel model, PreparedPrompt prompt, ValidGeneration generation) =>
        [.. Enumerable.Range(0, generation.Choices).Select(choice => Create(identity, model, prompt, generation, choice))];

    private static GenerationPlan Create(
        RequestIdentity identity, ServedModel model, PreparedPrompt prompt, ValidGeneration generation, int choice)
    {
        var order = new GenerationOrder
        {
            Tenant = identity.Tenant.Value,
            PromptIds = prompt.Ids,
            MaxTokens = MaxTokens(model, prompt, generation),
            Sampling = generation.Sampling with { Seed = unchecked(generation.Sampling.Seed + (ulong)choice) },
            StopTokenIds = [.. model.Language.EndTokenIds],
            StopStrings = generation.StopStrings,
        };
        return new GenerationPlan
        {
            RequestId = identity.RequestId,
            Session = identity.Session,
            Model = model,
            Prompt = prompt,
            Order = generation.KeepsAnswer ? order with { AnswerKey = KeyOf(identity.Tenant, $"{model.Name}@{model.Version}", order) } : order,
        };
    }

    private static AnswerKey KeyOf(TenantName tenant, string model, GenerationOrder order) =>
        new(tenant, model, Language.ResponseKey.Compute(tenant.Value, model, order.PromptIds, OrderBytes.Of(order)));

    private static int MaxTokens(ServedModel model, PreparedPrompt prompt, ValidGeneration generation)
    {
        int room = model.ContextLength - prompt.Ids.Length;
        int asked = generation.MaxTokens ?? Math.Clamp(room, 1, generation.MaxTokensByDefault);
        return asked <= room
            ? asked
            : throw RequestRejected.ContextExceeded(prompt.Parameter, prompt.Ids.Length, asked, model.ContextLength);
    }
}
