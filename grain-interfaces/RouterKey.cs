namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>The key of an <see cref="IPromptCacheGrain"/>: <c>{model}/{shard}</c>. A model has one shard, which sees all of its workers.</summary>
public static class RouterKey
{
    public static string Of(string model) => $"{model}/0";
}
