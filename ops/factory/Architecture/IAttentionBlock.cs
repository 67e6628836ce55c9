namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>Adds one kind of attention to a graph, reading and writing the KV cache in place.</summary>
internal interface IAttentionBlock
{
    /// <summary>Heads of the KV cache.</summary>
    int CachedHeads { get; }

    /// <summary>Numbers per head and position of the KV cache.</summary>
    int CachedHeadSize { get; }

    /// <summary>Adds what all layers share. Called once, before the first layer.</summary>
    void AddShared();

    /// <summary>Adds the attention of one layer.</summary>
    /// <returns>The name of the result, before it is added to the residual stream.</returns>
    string Add(int layer, string input);
}
