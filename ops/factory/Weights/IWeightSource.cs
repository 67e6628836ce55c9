namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>The weights of a model by the names that Hugging Face gives them, whatever file they lie in.</summary>
internal interface IWeightSource : IDisposable
{
    IEnumerable<string> Names { get; }

    /// <summary>The tensor of this name, which must have exactly this shape.</summary>
    /// <exception cref="Language.ModelFormatException">It is missing, of another shape, or stored in a format that is not read; the message names the file.</exception>
    IWeightMatrix Get(string name, params ReadOnlySpan<int> shape);
}
