using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Fitting;
using DeepSeekOrleans.ModelFactory.RandomModels;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.ModelFactory.Tests.RandomModels;

public sealed class RandomModelTests : IDisposable
{
    private static readonly DecoderShape Small = new("small", "qwen2", 2, 64, 96, 4, 2, 5_000, IsTied: false) { ContextLength = 128 };

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("random-model-");

    [Fact]
    public void Write_SameSeed_GivesTheSameBytes()
    {
        byte[] first = Weights(Write("first", Small, seed: 7));
        byte[] second = Weights(Write("second", Small, seed: 7));

        Assert.Equal(first, second);
    }

    [Fact]
    public void Write_OtherSeed_GivesOtherWeights() =>
        Assert.NotEqual(Weights(Write("first", Small, seed: 7)), Weights(Write("second", Small, seed: 8)));

    [Fact]
    public void Write_FewerLayers_GivesTheBeginningOfTheSameModel()
    {
        byte[] whole = Weights(Write("whole", Small, seed: 7));
        byte[] part = Weights(Write("part", Small with { Layers = 1 }, seed: 7));
        int shared = 2 * (int)(Small with { Layers = 1 }).Tensors().TakeWhile(tensor => tensor.Name != "model.norm.weight").Sum(tensor => tensor.Length);

        Assert.Equal(whole.AsSpan(DataStart(whole), shared), part.AsSpan(DataStart(part), shared));
    }

    [Fact]
    public void Write_Matrix_IsCloseToNormal()
    {
        byte[] bytes = Weights(Write("model", Small, seed: 7));
        double[] embedding = [.. MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan(DataStart(bytes), 2 * Small.Vocabulary * Small.Hidden))
            .ToArray().Select(bits => (double)BitConverter.UInt32BitsToSingle((uint)bits << 16) / 0.02)];

        Assert.InRange(embedding.Average(), -0.01, 0.01);
        Assert.InRange(embedding.Average(value => value * value), 0.97, 1.01);
        // 68.27 % of a normal distribution lie within one standard deviation
        Assert.InRange(embedding.Count(value => Math.Abs(value) < 1) / (double)embedding.Length, 0.66, 0.70);
    }

    [Theory]
    [InlineData("qwen2")]
    [InlineData("llama")]
    public void Write_AnyFamily_CanBeConverted(string family)
    {
        string directory = Write("model", Small with { ModelType = family }, seed: 7);

        PreparedModel prepared = ModelConversion.Prepare(directory, Path.Combine(_root.FullName, "cache"), progress: null, CancellationToken.None);

        Assert.True(prepared.Converted);
        Assert.Equal(Small.ContextLength, ModelLanguage.Load(prepared.Directory).ContextLength);
    }

    [Fact]
    public void Write_IntoAFolderWithFiles_IsRefused()
    {
        string directory = Write("model", Small, seed: 7);

        ModelFormatException refusal = Assert.Throws<ModelFormatException>(() => Write("model", Small, seed: 7));

        Assert.Contains("not empty", refusal.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(directory, "config.json")));
    }

    [Fact]
    public void Write_Cancelled_LeavesNothingThatLoads()
    {
        string directory = Path.Combine(_root.FullName, "model");

        Assert.Throws<OperationCanceledException>(() =>
            RandomModel.Write(Small, directory, Repository.DemoModel, 7, progress: null, new CancellationToken(canceled: true)));

        Assert.Throws<ModelFormatException>(() => ModelFootprint.Read(directory));
    }

    // The parameter counts that the model cards state, in billions.
    [Theory]
    [InlineData("qwen2.5-0.5b", 0.49)]
    [InlineData("r1-distill-qwen-1.5b", 1.78)]
    [InlineData("r1-distill-qwen-7b", 7.62)]
    [InlineData("r1-distill-llama-8b", 8.03)]
    [InlineData("r1-distill-qwen-14b", 14.77)]
    [InlineData("r1-distill-qwen-32b", 32.76)]
    [InlineData("r1-distill-llama-70b", 70.55)]
    public void Known_Shape_HasThePublishedNumberOfWeights(string name, double billions) =>
        Assert.Equal(billions, DecoderShape.Find(name)!.Tensors().Sum(tensor => tensor.Length) / 1e9, 2);

    public void Dispose() => _root.Delete(recursive: true);

    private string Write(string folder, DecoderShape shape, ulong seed)
    {
        string directory = Path.Combine(_root.FullName, folder);
        RandomModel.Write(shape, directory, Repository.DemoModel, seed, progress: null, CancellationToken.None);
        Assert.Equal(shape.Layers, (int)JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "config.json")))!["num_hidden_layers"]!);
        return directory;
    }

    private static byte[] Weights(string directory) => File.ReadAllBytes(Path.Combine(directory, "model.safetensors"));

    private static int DataStart(byte[] file) => 8 + (int)BitConverter.ToInt64(file);
}
