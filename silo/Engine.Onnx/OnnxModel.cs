using DeepSeekOrleans.Engine.Onnx.Containment;
using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.PublicDecoders;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.Engine.Onnx.Weights;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>Opens the decoder of a prepared model directory, in the slot form of the model factory or as others export it.</summary>
public static class OnnxModel
{
    /// <summary>Loads the weights and allocates the KV cache; seconds for a model of gigabytes.</summary>
    /// <exception cref="ModelFormatException">The graph is missing, cannot be loaded or is of no known form; the message names the file.</exception>
    /// <exception cref="InsufficientMemoryException">The KV cache of these options does not fit into the machine.</exception>
    /// <exception cref="ProviderUnavailableException">The machine lacks what the chosen provider needs.</exception>
    public static IModelRunner Load(string modelDirectory, OnnxRunnerOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelDirectory);
        ArgumentNullException.ThrowIfNull(options);
        ModelManifest? manifest = ModelManifest.TryRead(modelDirectory);
        DecoderDescription description = DecoderDescription.Read(modelDirectory);
        if (PrecisionSupport.Problem(options.Provider, manifest?.Precision) is { } problem)
        {
            throw new ModelFormatException(description.GraphFile, problem);
        }

        ITensorDevice device = ExecutionProviders.Device(options);
        manifest?.Check(modelDirectory);
        ModelFiles.Check(modelDirectory, description.GraphFile);
        return new DenormalFlushingRunner(options.JoinRuns && options.Provider == ExecutionProviders.Cpu && HasJoinedGraph(manifest, description.GraphFile)
            ? LoadJoined(modelDirectory, description.GraphFile, options, device)
            : LoadPlain(modelDirectory, description, options, device));
    }

    // only the factory's own: a file of that name in somebody else's directory may be anything
    private static bool HasJoinedGraph(ModelManifest? manifest, string graphFile) =>
        manifest?.Files.Any(file => file.Name == JoinedModel.FileBeside(graphFile)) == true;

    private static IModelRunner LoadPlain(string directory, DecoderDescription description, OnnxRunnerOptions options, ITensorDevice device)
    {
        InferenceSession session = Open(Path.Combine(directory, description.GraphFile), options);
        try
        {
            return SlotGraph.Describes(session)
                ? new SlotRunner(session, SlotGraph.Read(session, description.GraphFile), options, device)
                : new PublicDecoderRunner(session, PublicDecoderGraph.Read(session, description), options);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static SlotRunner LoadJoined(string directory, string graphFile, OnnxRunnerOptions options, ITensorDevice device)
    {
        string joinedFile = JoinedModel.FileBeside(graphFile);
        ModelFiles.Check(directory, joinedFile);
        SharedWeights weights = SharedWeights.Of(directory, graphFile);
        InferenceSession? session = null;
        InferenceSession? second = null;
        try
        {
            session = Open(Path.Combine(directory, graphFile), options, weights);
            second = Open(Path.Combine(directory, joinedFile), options, weights);
            SlotGraph graph = SlotGraph.Read(session, graphFile);
            JoinedModel joined = new(second, weights);
            joined.Check(joinedFile, graph.Kv);
            return new SlotRunner(session, graph, options, device, joined);
        }
        catch
        {
            session?.Dispose();
            second?.Dispose();
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Loads a graph of which nothing but its path is known.</summary>
    /// <exception cref="ModelFormatException">ONNX Runtime cannot load it.</exception>
    /// <param name="weights">Shared with other sessions; null where the session keeps its own.</param>
    internal static InferenceSession Open(string path, OnnxRunnerOptions options, SharedWeights? weights = null)
    {
        using SessionOptions session = SessionSettings.Create(options, takesTurns: weights is not null);
        weights?.AddTo(session);

        // the first session leaves its thread in that mode for good, unless somebody restores it
        using DenormalMode mode = DenormalMode.Flush();
        try
        {
            return weights is null ? new InferenceSession(path, session) : new InferenceSession(path, session, weights.Packed);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException(path, "ONNX Runtime cannot load the file", e);
        }
    }
}
