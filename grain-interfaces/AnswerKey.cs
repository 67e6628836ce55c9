namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>Names the exact answer to a deterministic request. None can be made without the tenant whose answer it is.</summary>
/// <param name="Tenant">Of the authenticated principal that asked.</param>
/// <param name="Model">Name and version of the model, as <c>name@version</c>.</param>
/// <param name="Digest">SHA-256 over tenant, model, prompt and parameters in lower-case hex.</param>
[GenerateSerializer, Immutable, Alias("deepseek.AnswerKey")]
public sealed record AnswerKey(
    [property: Id(0)] TenantName Tenant,
    [property: Id(1)] string Model,
    [property: Id(2)] string Digest);
