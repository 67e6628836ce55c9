using System.Collections.Concurrent;
using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>Converts each model once for all tests, into a folder that goes with them.</summary>
public sealed class ConvertedModels : IDisposable
{
    public const string Collection = "converted models";

    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("converted-models-");
    private readonly ConcurrentDictionary<(string Source, ModelPrecision Precision, bool Int8Cache), string> _prepared = new();

    public string Demo => Prepare(Repository.DemoModel);

    public string Prepare(string sourceDirectory, ModelPrecision precision = ModelPrecision.Float32, bool int8Cache = false) => _prepared.GetOrAdd(
        (sourceDirectory, precision, int8Cache),
        model => ModelConversion.Prepare(model.Source, _cache.FullName, Form(model.Precision, model.Int8Cache), progress: null, CancellationToken.None).Directory);

    /// <summary>With scales from the text that ships with the factory.</summary>
    public static ModelForm Form(ModelPrecision precision, bool int8Cache) =>
        new(precision, int8Cache ? new Int8KvCache(Int8KvCache.DefaultText, KvPeaks.Measure) : null);

    public IModelRunner LoadDemo(int slots = 16, int contextLength = 0, int maxPrefillChunk = 256) =>
        OnnxModel.Load(Demo, new OnnxRunnerOptions { Slots = slots, ContextLength = contextLength, MaxPrefillChunk = maxPrefillChunk });

    /// <summary>The runner of the demo model without what <see cref="OnnxModel"/> puts around it, so that a test can reach its memory.</summary>
    internal SlotRunner LoadBareDemo(int slots, ModelPrecision precision = ModelPrecision.Float32, ITensorDevice? device = null, bool int8Cache = false)
    {
        OnnxRunnerOptions options = new() { Slots = slots };
        using SessionOptions settings = SessionSettings.Create(options);
        using DenormalMode mode = DenormalMode.Flush();
        InferenceSession session = new(Path.Combine(Prepare(Repository.DemoModel, precision, int8Cache), "model.onnx"), settings);
        return new SlotRunner(session, SlotGraph.Read(session, "model.onnx"), options, device ?? HostDevice.Instance);
    }

    public void Dispose() => _cache.Delete(recursive: true);
}

[CollectionDefinition(ConvertedModels.Collection)]
public sealed class ConvertedModelsCollection : ICollectionFixture<ConvertedModels>;
