using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Models;

/// <summary>What a benchmark measures, read from its arguments: <c>[SHAPE...] [--form NAME]... [--layers N]</c>.</summary>
internal sealed record BenchmarkSelection(IReadOnlyList<DecoderShape> Shapes, IReadOnlyList<EngineForm> Forms)
{
    /// <param name="otherwise">The shapes when the arguments name none; without a named form it is all of them.</param>
    /// <exception cref="ArgumentException">An argument is unknown; the message names what is known.</exception>
    public static BenchmarkSelection Parse(ReadOnlySpan<string> arguments, params ReadOnlySpan<string> otherwise)
    {
        List<DecoderShape> shapes = [];
        List<EngineForm> forms = [];
        int layers = int.MaxValue;
        for (int i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--layers" when i + 1 < arguments.Length && int.TryParse(arguments[i + 1], out layers) && layers > 0:
                    i++;
                    break;
                case "--form" when i + 1 < arguments.Length:
                    forms.Add(EngineForm.Find(arguments[++i]));
                    break;
                default:
                    shapes.Add(Find(arguments[i]));
                    break;
            }
        }

        if (shapes.Count == 0)
        {
            foreach (string name in otherwise)
            {
                shapes.Add(Find(name));
            }
        }

        return new BenchmarkSelection(
            [.. shapes.Select(shape => shape with { Layers = Math.Min(layers, shape.Layers) })], forms.Count > 0 ? forms : EngineForm.All);
    }

    /// <summary>How tables call a shape; fewer layers than the published model are named.</summary>
    public static string Title(DecoderShape shape) =>
        shape.Layers == DecoderShape.Find(shape.Name)!.Layers ? shape.Name : $"{shape.Name} REDUCED TO {shape.Layers} LAYERS";

    /// <summary>The forms that fit into the memory; the others are named in the output.</summary>
    public IEnumerable<EngineForm> FormsFor(DecoderShape shape, TextWriter output)
    {
        foreach (EngineForm form in Forms)
        {
            if (form.ReasonToLeaveOut(shape) is { } reason)
            {
                output.WriteLine(reason);
            }
            else
            {
                yield return form;
            }
        }
    }

    private static DecoderShape Find(string name) => DecoderShape.Find(name)
        ?? throw new ArgumentException($"'{name}' is no shape; known are {string.Join(", ", DecoderShape.Known.Select(shape => shape.Name))}");
}
