using DeepSeekOrleans.Benchmarks.Peers;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Models;

/// <summary>Models of real size with random weights, made once and kept beside the converted models.</summary>
internal static class BenchmarkModels
{
    private const ulong Seed = 1;

    private static readonly string Root = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(ModelDirectory.CacheRoot)!, "benchmarks");

    public static PreparedModel Prepare(DecoderShape shape, ModelPrecision precision) => Prepare(shape, new ModelForm(precision));

    public static PreparedModel Prepare(DecoderShape shape, ModelForm form)
    {
        string source = System.IO.Path.Combine(Root, Name(shape));
        if (!File.Exists(System.IO.Path.Combine(source, "config.json")))
        {
            if (Directory.Exists(source))
            {
                Directory.Delete(source, recursive: true);
            }

            RandomModel.Write(shape, source, ModelDirectory.Demo.FullName, Seed, progress: null, CancellationToken.None);
        }

        return ModelConversion.Prepare(source, ModelDirectory.CacheRoot, form, progress: null, CancellationToken.None);
    }

    /// <summary>The path of the same shape for llama.cpp.</summary>
    public static string Gguf(DecoderShape shape, GgufElement element)
    {
        Directory.CreateDirectory(Root);
        string path = System.IO.Path.Combine(Root, $"{Name(shape)}.{element}.gguf");
        if (!File.Exists(path))
        {
            RandomGguf.Write(shape, element, path);
        }

        return path;
    }

    private static string Name(DecoderShape shape) => $"{shape.Name}-{shape.Layers}-layers";
}
