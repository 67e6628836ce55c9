using System.Runtime.InteropServices;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Fitting;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.ModelFactory.Tests.KvCaching;

/// <summary>What the factory makes of magnitudes that somebody else measures.</summary>
public sealed class Int8KvCacheTests : IDisposable
{
    // of the demo model
    private const int Channels = 2 * 64;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("int8-kv-");

    private string Target => Path.Combine(_root.FullName, "import");

    [Fact]
    public void Prepare_MeasuredMagnitudes_BecomeTheScalesOfTheGraph()
    {
        PreparedModel model = Prepare(new Int8KvCache("some text", Constant(1.27f)));

        ModelProto graph = Parse(model.Directory);
        NodeProto attention = graph.Graph.Node.First(node => node.OpType == "GroupQueryAttention");
        float[] scales = Scales(graph, attention.Input[12]);
        Assert.Equal(Channels, scales.Length);
        Assert.All(scales, scale => Assert.InRange(scale, 0.0109f, 0.0112f)); // a tenth above 1.27 / 127, rounded up
        Assert.Equal(Channels, Scales(graph, attention.Input[13]).Length);
        Assert.Equal(["PER_CHANNEL", "PER_CHANNEL"], attention.Attribute.Where(attribute => attribute.Name.EndsWith("_quant_type", StringComparison.Ordinal)).Select(attribute => attribute.S.ToStringUtf8()));
        Assert.All(
            graph.Graph.Input.Concat(graph.Graph.Output).Where(value => value.Type.TensorType.Shape.Dim.Count == 4),
            value => Assert.Equal((int)OnnxElement.Int8, value.Type.TensorType.ElemType));
        Assert.Equal(("fp32, kv int8", "fp32, kv int8"), (model.Precision, ModelManifest.TryRead(model.Directory)!.Precision));
    }

    [Fact]
    public void Prepare_TheTextOfTheCalibration_IsReadFromAFloatCacheInBoundedPieces()
    {
        IReadOnlyList<int[]> read = [];
        int element = 0;
        string text = string.Concat(Enumerable.Repeat(Int8KvCache.DefaultText, 20));

        PreparedModel model = Prepare(new Int8KvCache(text, (graph, windows, _) =>
        {
            read = windows;
            element = ModelProto.Parser.ParseFrom(File.ReadAllBytes(graph)).Graph.Input.First(input => input.Name == "past_key_values.0.key").Type.TensorType.ElemType;
            return Constant(1f)(graph, windows, default);
        }));

        Assert.Equal((int)OnnxElement.Float, element);
        Assert.All(read, window => Assert.InRange(window.Length, 1, 512));
        Assert.InRange(read.Sum(window => window.Length), 4096, 4096 + 512);
        ModelManifest.TryRead(model.Directory)!.Check(model.Directory);
    }

    [Fact]
    public void Prepare_OtherCacheOrOtherText_LiesInAnotherFolder()
    {
        string[] folders =
        [
            Prepare(null).Directory,
            Prepare(new Int8KvCache("one text", Constant(1f))).Directory,
            Prepare(new Int8KvCache("another text", Constant(1f))).Directory,
            Prepare(new Int8KvCache("one text", (_, _, _) => throw new InvalidOperationException("it is converted already"))).Directory,
        ];

        Assert.Equal(3, folders.Distinct().Count());
        Assert.Equal(folders[1], folders[3]);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Prepare_MagnitudesThatAreNoNumbers_LeavesNothing(float peak)
    {
        Assert.Throws<ModelFormatException>(() => Prepare(new Int8KvCache("text", Constant(peak))));

        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_root.FullName, "cache")));
    }

    [Theory]
    [InlineData(ModelPrecision.Float16)]
    [InlineData(ModelPrecision.BFloat16)]
    [InlineData(ModelPrecision.Int4Float16)]
    public void Prepare_PrecisionsOfCuda_AreRefused(ModelPrecision precision)
    {
        ModelForm form = new(precision, new Int8KvCache("text", Constant(1f)));

        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => Prepare(Repository.DemoModel, form));

        Assert.Contains("an int8 KV cache is for CPUs", refused.Message, StringComparison.Ordinal);
    }

    [SharedDataTheory]
    [InlineData("deepseek-v2-lite")]
    [InlineData("deepseek-v3")]
    public void Prepare_LatentAttention_IsRefused(string model)
    {
        ModelForm form = new(ModelPrecision.Int8, new Int8KvCache("text", Constant(1f)));

        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => Prepare(SharedData.Path($"models/tiny/{model}"), form));

        Assert.Contains("multi-head latent attention has no int8 KV cache", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => ModelFootprint.Read(SharedData.Path($"models/tiny/{model}"), ModelPrecision.Int8, int8Cache: true));
    }

    [Fact]
    public void Run_InterruptedWhileItCalibrates_CanBeFinishedLater()
    {
        Assert.Throws<OperationCanceledException>(() => Import(new Int8KvCache("text", (_, _, _) => throw new OperationCanceledException())));

        ImportedModel imported = Import(new Int8KvCache("text", Constant(1f)));

        // both graphs
        Assert.Equal(2, imported.FilesWritten);
        Assert.True(imported.FilesKept > 3);
        ModelManifest.TryRead(Target)!.Check(Target);
    }

    [Fact]
    public void Prepare_OfAnImport_UsesItsCacheAndNoOther()
    {
        Import(new Int8KvCache("text", Constant(1f)));
        Int8KvCache any = new("any text", Constant(1f));

        Assert.Equal("int8, kv int8", Prepare(Target, new ModelForm(ModelPrecision.Float32)).Precision);
        Assert.Equal("int8, kv int8", Prepare(Target, new ModelForm(ModelPrecision.Int8, any)).Precision);
        Assert.Throws<ModelFormatException>(() => Prepare(Target, new ModelForm(ModelPrecision.Int4, any)));
    }

    [Fact]
    public void Prepare_Int8CacheOfAGraphWithAnother_IsRefused()
    {
        ModelImport.Run(Repository.DemoModel, Target, new ModelForm(ModelPrecision.Int8), progress: null, CancellationToken.None);

        Assert.Throws<ModelFormatException>(() => Prepare(Target, new ModelForm(ModelPrecision.Int8, new Int8KvCache("text", Constant(1f)))));
    }

    [Fact]
    public void Read_Int8Cache_CountsAQuarter()
    {
        ModelFootprint wide = ModelFootprint.Read(Repository.DemoModel, ModelPrecision.Int8);
        ModelFootprint narrow = ModelFootprint.Read(Repository.DemoModel, ModelPrecision.Int8, int8Cache: true);
        Import(new Int8KvCache("text", Constant(1f)));

        Assert.Equal(wide with { KvBytesPerPosition = wide.KvBytesPerPosition / 4 }, narrow);
        Assert.Equal(narrow.KvBytesPerPosition, ModelFootprint.Read(Target).KvBytesPerPosition);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private static KvMeasurement Constant(float peak) => (graph, _, _) =>
    {
        int tensors = ModelProto.Parser.ParseFrom(File.ReadAllBytes(graph)).Graph.Input.Count(input => input.Name.StartsWith("past_key_values.", StringComparison.Ordinal));
        return [.. Enumerable.Range(0, tensors).Select(_ => Enumerable.Repeat(peak, Channels).ToArray())];
    };

    private static ModelProto Parse(string directory) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(directory, "model.onnx")));

    private static float[] Scales(ModelProto model, string name) =>
        MemoryMarshal.Cast<byte, float>(model.Graph.Initializer.Single(tensor => tensor.Name == name).RawData.Span).ToArray();

    private PreparedModel Prepare(Int8KvCache? cache) => Prepare(Repository.DemoModel, new ModelForm(ModelPrecision.Float32, cache));

    private PreparedModel Prepare(string source, ModelForm form) =>
        ModelConversion.Prepare(source, Path.Combine(_root.FullName, "cache"), form, progress: null, CancellationToken.None);

    private ImportedModel Import(Int8KvCache cache) =>
        ModelImport.Run(Repository.DemoModel, Target, new ModelForm(ModelPrecision.Int8, cache), progress: null, CancellationToken.None);
}
