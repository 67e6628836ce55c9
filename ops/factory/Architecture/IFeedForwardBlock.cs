namespace DeepSeekOrleans.ModelFactory.Architecture;

/// <summary>Adds one kind of feed-forward network to a graph.</summary>
internal interface IFeedForwardBlock
{
    /// <returns>The name of the result, before it is added to the residual stream.</returns>
    string Add(int layer, string input);
}
