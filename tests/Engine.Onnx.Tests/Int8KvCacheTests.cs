using System.Numerics.Tensors;
using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>Keys and values in 8 bits: their memory, their scales, and what is larger than these.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class Int8KvCacheTests(ConvertedModels models) : IDisposable
{
    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("int8-kv-");

    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Int8)]
    public void Load_Int8Cache_TakesAQuarterOfTheMemory(ModelPrecision precision)
    {
        using SlotRunner wide = models.LoadBareDemo(slots: 1, precision);
        using SlotRunner narrow = models.LoadBareDemo(slots: 1, precision, int8Cache: true);

        Assert.Equal(wide.Cache.Shape.BytesPerPosition, 4 * narrow.Cache.Shape.BytesPerPosition);
        Assert.Equal(wide.Cache.Positions, narrow.Cache.Positions);
    }

    [SharedDataTheory]
    [InlineData("qwen3-mixed")]
    [InlineData("qwen2-mixed")]
    public void Prefill_OfOtherArchitectures_PrefersTheTokensOfTheReference(string model)
    {
        string prepared = models.Prepare(SharedData.Path($"models/tiny-gguf/{model}.gguf"), ModelPrecision.Float32, int8Cache: true);
        using IModelRunner runner = OnnxModel.Load(prepared, new OnnxRunnerOptions { Slots = 1, ContextLength = 256 });

        foreach (ReferenceLogits reference in ReferenceLogits.Read(SharedData.Path($"models/tiny-gguf/{model}.reference.safetensors")))
        {
            float[] logits = Greedy.Prefill(runner, slot: 0, reference.Ids, chunk: 7);

            Assert.InRange(TensorPrimitives.CosineSimilarity<float>(logits, reference.Logits), 0.999f, 1.001f);
        }
    }

    [Fact]
    public void Measure_Twice_FindsTheSameMagnitudes()
    {
        IReadOnlyList<int[]> windows = [.. DemoModel.Language.Tokenizer.Encode(Int8KvCache.DefaultText).Chunk(300).Take(3)];
        string graph = Path.Combine(models.Demo, "model.onnx");

        float[][] first = KvPeaks.Measure(graph, windows, CancellationToken.None);

        Assert.Equal(first, KvPeaks.Measure(graph, windows, CancellationToken.None));
        Assert.All(first, channels => Assert.Contains(channels, peak => peak > 0.01f));
    }

    [Fact]
    public void Measure_KeysAtPositionsBeyondTheText_DoNotExceedIt()
    {
        int[] text = DemoModel.Language.Tokenizer.Encode(Int8KvCache.DefaultText)[..100];
        float[][] peaks = KvPeaks.Measure(Path.Combine(models.Demo, "model.onnx"), [text], CancellationToken.None);
        using SlotRunner runner = models.LoadBareDemo(slots: 1);
        int size = runner.Cache.Shape.HeadSize;

        // a key of the first layer depends on its token and its position alone
        foreach (int position in (int[])[0, 300, 700, 1500])
        {
            runner.Prefill(0, position, text, []);
            for (int head = 0; head < runner.Cache.Shape.KeyValueHeads; head++)
            {
                ReadOnlySpan<float> keys = runner.Cache.Read(0, head, position + text.Length)[(position * size)..];
                for (int i = 0; i < keys.Length; i++)
                {
                    Assert.InRange(Math.Abs(keys[i]), 0, peaks[0][(head * size) + (i % size)] * 1.0001f);
                }
            }
        }
    }

    [Fact]
    public void Prefill_NumbersBeyondTheirScale_Saturate()
    {
        int[] prompt = DemoModel.Language.Tokenizer.Encode(Int8KvCache.DefaultText)[..200];
        using IModelRunner exact = models.LoadDemo(slots: 1);
        using IModelRunner narrow = Load((graph, windows, cancellation) => Array.ConvertAll(
            KvPeaks.Measure(graph, windows, cancellation), channels => Array.ConvertAll(channels, peak => 0.6f * peak)));
        float[] expected = Greedy.Prefill(exact, slot: 0, prompt, chunk: 64);

        float[] clipped = Greedy.Prefill(narrow, slot: 0, prompt, chunk: 64);

        // numbers that came back with the other sign would leave nothing of the likeness
        Assert.InRange(TensorPrimitives.CosineSimilarity<float>(clipped, expected), 0.97f, 0.99999f);
    }

    public void Dispose() => _cache.Delete(recursive: true);

    private IModelRunner Load(KvMeasurement measure)
    {
        ModelForm form = new(ModelPrecision.Float32, new Int8KvCache(Int8KvCache.DefaultText, measure));
        PreparedModel model = ModelConversion.Prepare(Repository.DemoModel, _cache.FullName, form, progress: null, CancellationToken.None);
        Assert.Equal("fp32, kv int8", ModelManifest.TryRead(model.Directory)!.Precision);
        return OnnxModel.Load(model.Directory, new OnnxRunnerOptions { Slots = 1 });
    }
}
