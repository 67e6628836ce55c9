namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>Kept answers: all of them, or only those of one tenant, of one model, or of both.</summary>
/// <param name="Tenant">Null for every tenant.</param>
/// <param name="Model">As in <see cref="AnswerKey"/>; null for every model.</param>
[GenerateSerializer, Immutable, Alias("deepseek.AnswerScope")]
public sealed record AnswerScope(
    [property: Id(0)] TenantName? Tenant = null,
    [property: Id(1)] string? Model = null);
