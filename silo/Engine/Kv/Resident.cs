namespace DeepSeekOrleans.Engine.Kv;

/// <summary>What a sequence that gave up its slot left there: the keys and values of its first tokens.</summary>
/// <param name="tenant">Only this tenant's sequences may use it.</param>
/// <param name="tokens">At least as many as the length; those below it are never written again.</param>
internal sealed class Resident(string tenant, int[] tokens)
{
    public string Tenant { get; } = tenant;

    public int[] Tokens { get; } = tokens;

    /// <summary>Positions of the slot that hold the keys and values of these tokens; shrinks when the capacity runs out.</summary>
    public required int Length { get; set; }

    /// <summary>Orders residents by their last use.</summary>
    public required long LastUse { get; set; }
}
