using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.PublicDecoders;

/// <summary>
/// Runs a decoder that others exported, unchanged: one row per run, with a past of exact length. Rows of different lengths cannot
/// share a run of such a graph without padding, which some of these graphs compute wrongly, so a step costs a run per row. Convert the
/// safetensors of a model instead where speed matters.
/// </summary>
internal sealed class PublicDecoderRunner : IModelRunner
{
    private readonly InferenceSession _session;
    private readonly PublicDecoderGraph _graph;
    private readonly RunOptions _runOptions = new();
    private readonly PastRows[] _slots;

    public PublicDecoderRunner(InferenceSession session, PublicDecoderGraph graph, OnnxRunnerOptions options)
    {
        _session = session;
        _graph = graph;
        int contextLength = ContextLimit.Of(options, graph.ContextLength);
        Shape = new ModelShape(graph.Vocabulary, contextLength, options.Slots, Math.Min(options.MaxPrefillChunk, contextLength));
        _slots = [.. Enumerable.Range(0, options.Slots).Select(_ => new PastRows(graph))];
    }

    public ModelShape Shape { get; }

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best)
    {
        RunArguments.CheckPrefill(Shape, slot, position, tokens, logits.Length);
        RunArguments.CheckBest(Shape, best.Length, rows: 1);
        if (Run(_slots[slot], position, tokens, logits))
        {
            return;
        }

        // the graph gives the logits of the last position alone: those of every position take a run for each
        for (int row = 0; row < tokens.Length; row++)
        {
            Run(_slots[slot], position + row, tokens.Slice(row, 1), logits.Slice(row * Shape.Vocabulary, Shape.Vocabulary));
        }
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best)
    {
        RunArguments.CheckDecode(Shape, tokens, positions, logits.Length);
        RunArguments.CheckBest(Shape, best.Length, tokens.Length);
        for (int row = 0; row < tokens.Length; row++)
        {
            Run(_slots[row], positions[row], tokens.Slice(row, 1), logits.Slice(row * Shape.Vocabulary, Shape.Vocabulary));
        }
    }

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits) =>
        throw new NotSupportedException("a decoder as others export it has no joined runs");

    public void CopySlot(int source, int target, int length)
    {
        RunArguments.CheckCopy(Shape, source, target, length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _slots[source].Length);
        if (source != target)
        {
            _slots[target].CopyFrom(_slots[source], length);
        }
    }

    public void Dispose()
    {
        foreach (PastRows slot in _slots)
        {
            slot.Dispose();
        }

        _runOptions.Dispose();
        _session.Dispose();
    }

    /// <returns>False when the graph computed fewer logits than are wanted.</returns>
    private bool Run(PastRows past, int position, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        int logitRows = Math.Max(1, logits.Length / Shape.Vocabulary);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, past.Length);
        past.Truncate(position);
        OrtValue[] inputs = new OrtValue[_graph.Inputs.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = StepInputs.Create(_graph.Inputs[i], position, tokens, logitRows);
        }

        try
        {
            IReadOnlyList<OrtValue> outputs = [.. _session.Run(
                _runOptions,
                [.. _graph.Inputs.Select(input => input.Name), .. _graph.PastNames],
                [.. inputs, .. past.Values],
                _graph.OutputNames)];
            using OrtValue computed = outputs[0];
            past.Replace([.. outputs.Skip(1)], position + tokens.Length);
            return TryCopyLastRows(computed, logits);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelRunException("ONNX Runtime failed on a step", e);
        }
        finally
        {
            foreach (OrtValue input in inputs)
            {
                input.Dispose();
            }
        }
    }

    // Some graphs give the logits of every position, some of the last one only: the wanted ones stand at the end of both.
    private static bool TryCopyLastRows(OrtValue computed, Span<float> logits)
    {
        OrtTensorTypeAndShapeInfo computedShape = computed.GetTensorTypeAndShape();
        if (computedShape.ElementCount < logits.Length)
        {
            return false;
        }

        Span<byte> bytes = computed.GetTensorMutableRawData();
        switch (computedShape.ElementDataType)
        {
            case TensorElementType.Float:
                MemoryMarshal.Cast<byte, float>(bytes)[^logits.Length..].CopyTo(logits);
                break;
            case TensorElementType.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes)[^logits.Length..], logits);
                break;
            case TensorElementType other:
                throw new ModelRunException($"the logits are {other}, neither float32 nor float16");
        }

        return true;
    }
}
