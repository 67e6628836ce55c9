namespace DeepSeekOrleans.Frontend.OpenAi.Contracts;

/// <summary>The answer of <c>GET /v1/models</c>.</summary>
internal sealed record ModelList(ModelCard[] Data)
{
    public string Object { get; } = "list";
}

/// <summary>One model on offer, by its name or one of its aliases.</summary>
internal sealed record ModelCard(string Id, long Created)
{
    public string Object { get; } = "model";

    public string OwnedBy { get; } = "deepseek-orleans";

    /// <summary>Tokens of prompt and answer together, under the name that vLLM's clients read.</summary>
    public required int MaxModelLen { get; init; }
}
