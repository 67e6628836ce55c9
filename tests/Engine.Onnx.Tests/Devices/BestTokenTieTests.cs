using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Sources;
using DeepSeekOrleans.ModelFactory.Weights;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Devices;

/// <summary>A model in which every odd token is its even neighbour once more, so that no logit is ever the only largest.</summary>
public sealed class BestTokenTieTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("twins-");

    [Fact]
    public void Generate_EveryTokenTied_FetchesEveryRowAndTakesTheHostsTokens()
    {
        const int Count = 16;
        WriteTwins();
        int[] prompt = GreedyReference.Demo[1].Prompt;
        MirroredDevice device = new();
        using SlotRunner host = Load(HostDevice.Instance);
        using SlotRunner remote = Load(device);
        int[] expected = Greedy.Generate(host, prompt, Count, chunk: 256);

        (int[] tokens, int looks) = BestTokenTests.Generate(remote, prompt, Count);

        Assert.Equal(expected, tokens);
        Assert.All(tokens, token => Assert.Equal(0, token % 2));
        Assert.Equal(Count, looks);
        Assert.Equal(Count * (sizeof(long) + (remote.Shape.Vocabulary * sizeof(float))), device.BytesFetched);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private SlotRunner Load(ITensorDevice device)
    {
        OnnxRunnerOptions options = new() { Slots = 1 };
        var session = OnnxModel.Open(Path.Combine(_directory.FullName, ModelFileWriter.ModelFile), options);
        return new SlotRunner(session, SlotGraph.Read(session, ModelFileWriter.ModelFile), options, device);
    }

    private void WriteTwins()
    {
        using HuggingFaceSource model = HuggingFaceSource.Open(Repository.DemoModel);
        Twins weights = new(model.Weights);
        GraphBuilder graph = DecoderGraph.Build(model.Config, weights, new FloatForm(OnnxElement.Float16), PlainRun.Instance);
        graph.Metadata["deepseek.context_length"] = $"{model.Config.ContextLength}";
        ModelFileWriter.Write(_directory.FullName, graph, journal: null, _ => { }, CancellationToken.None);
    }

    private sealed class Twins(IWeightSource inner) : IWeightSource
    {
        public IEnumerable<string> Names => inner.Names;

        public IWeightMatrix Get(string name, params ReadOnlySpan<int> shape)
        {
            IWeightMatrix stored = inner.Get(name, shape);
            return name is "model.embed_tokens.weight" or "lm_head.weight"
                ? new ArrangedMatrix(stored, [.. Enumerable.Range(0, stored.Rows).Select(row => row & ~1)], stored.Columns, firstColumn: 0)
                : stored;
        }

        public void Dispose()
        {
            // the source is the caller's
        }
    }
}
