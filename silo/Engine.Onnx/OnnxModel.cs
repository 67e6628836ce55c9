using DeepSeekOrleans.Engine.Onnx.Containment;
using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.PublicDecoders;
using DeepSeekOrleans.Engine.Onnx.Slots;
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
        InferenceSession session = Open(Path.Combine(modelDirectory, description.GraphFile), options);
        try
        {
            return new DenormalFlushingRunner(SlotGraph.Describes(session)
                ? new SlotRunner(session, SlotGraph.Read(session, description.GraphFile), options, device)
                : new PublicDecoderRunner(session, PublicDecoderGraph.Read(session, description), options));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Loads a graph of which nothing but its path is known.</summary>
    /// <exception cref="ModelFormatException">ONNX Runtime cannot load it.</exception>
    internal static InferenceSession Open(string path, OnnxRunnerOptions options)
    {
        using SessionOptions session = SessionSettings.Create(options);

        // the first session leaves its thread in that mode for good, unless somebody restores it
        using DenormalMode mode = DenormalMode.Flush();
        try
        {
            return new InferenceSession(path, session);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException(path, "ONNX Runtime cannot load the file", e);
        }
    }
}
