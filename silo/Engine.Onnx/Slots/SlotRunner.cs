using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>Runs a graph in slot form over a KV cache that lies still: nothing is allocated or moved from step to step.</summary>
internal sealed class SlotRunner : IModelRunner
{
    private readonly InferenceSession _session;
    private readonly StepRunOptions _runOptions;
    private readonly SlotKvCache _cache;
    private readonly PrefillRun _prefill;
    private readonly DecodeRun _decode;

    public SlotRunner(InferenceSession session, SlotGraph graph, OnnxRunnerOptions options, ITensorDevice device)
    {
        _session = session;
        _runOptions = new StepRunOptions(options.CudaGraph, options.Slots);
        int contextLength = ContextLimit.Of(options, graph.ContextLength);
        Shape = new ModelShape(graph.Vocabulary, contextLength, options.Slots, Math.Min(options.MaxPrefillChunk, contextLength))
        {
            // one kernel reads such a cache for both; with numbers in floating point there are two, which round differently
            DecodesAsItPrefills = graph.Kv.Element == TensorElementType.Int8 && options.Provider == ExecutionProviders.Cpu,
        };
        // One position more than sequences may use: room for the padding of the last chunk.
        _cache = new SlotKvCache(device, graph.Kv, options.Slots, contextLength + 1, hasSpare: graph.NeedsPairs);
        _prefill = new PrefillRun(session, _runOptions, _cache, Shape, device);
        _decode = new DecodeRun(session, _runOptions, _cache, Shape, device);
    }

    public ModelShape Shape { get; }

    internal SlotKvCache Cache => _cache;

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        RunArguments.CheckPrefill(Shape, slot, position, tokens, logits.Length);
        _prefill.Run(slot, position, tokens, logits);
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        RunArguments.CheckDecode(Shape, tokens, positions, logits.Length);
        _decode.Run(tokens, positions).CopyTo(logits);
    }

    public void CopySlot(int source, int target, int length)
    {
        RunArguments.CheckCopy(Shape, source, target, length);
        _cache.Copy(source, target, length);
    }

    public void Dispose()
    {
        _prefill.Dispose();
        _decode.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
        _cache.Dispose();
        FreedMemory.GiveBack();
    }
}
