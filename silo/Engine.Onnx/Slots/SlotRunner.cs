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
    private readonly JoinedModel? _joinedModel;
    private readonly JoinedRun? _joined;

    /// <param name="joined">Null where runs are not joined. It is the runner's from here on, as the session is.</param>
    public SlotRunner(InferenceSession session, SlotGraph graph, OnnxRunnerOptions options, ITensorDevice device, JoinedModel? joined = null)
    {
        _session = session;
        _joinedModel = joined;
        _runOptions = new StepRunOptions(options.CudaGraph, options.Slots);
        int contextLength = ContextLimit.Of(options, graph.ContextLength);
        Shape = new ModelShape(graph.Vocabulary, contextLength, options.Slots, Math.Min(options.MaxPrefillChunk, contextLength))
        {
            // one kernel reads such a cache for both; with numbers in floating point there are two, which round differently
            DecodesAsItPrefills = graph.Kv.Element == TensorElementType.Int8 && options.Provider == ExecutionProviders.Cpu,
            JoinsRuns = joined is not null,

            // in the machine's own memory, logits have nowhere to go
            ChoosesTokens = graph.NamesBest && !device.IsHost,
        };
        // One position more than sequences may use: room for the padding of the last chunk.
        _cache = new SlotKvCache(device, graph.Kv, options.Slots, contextLength + 1, hasSpare: graph.NeedsPairs);
        _prefill = new PrefillRun(session, _runOptions, _cache, Shape, device);
        _decode = new DecodeRun(session, _runOptions, _cache, Shape, device);
        _joined = joined is null ? null : new JoinedRun(joined.Session, _runOptions.Prefill, _cache, Shape);
    }

    public ModelShape Shape { get; }

    internal SlotKvCache Cache => _cache;

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best = default)
    {
        RunArguments.CheckPrefill(Shape, slot, position, tokens, logits.Length);
        RunArguments.CheckBest(Shape, best.Length, rows: logits.Length == Shape.Vocabulary ? 1 : 0);
        _prefill.Run(slot, position, tokens, logits, best);
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best = default)
    {
        RunArguments.CheckDecode(Shape, tokens, positions, logits.Length);
        RunArguments.CheckBest(Shape, best.Length, tokens.Length);
        _decode.Run(tokens, positions, logits, best);
    }

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        if (_joined is null)
        {
            throw new NotSupportedException("this model was loaded without joined runs");
        }

        RunArguments.CheckPrefill(Shape, slot, position, chunk, chunkLogits.Length, mayWantEach: false);
        RunArguments.CheckDecode(Shape, tokens, positions, logits.Length);
        _joined.Run(slot, position, chunk, !chunkLogits.IsEmpty, tokens, positions).CopyTo(logits);
        if (!chunkLogits.IsEmpty)
        {
            _joined.ChunkLogits(tokens.Length).CopyTo(chunkLogits);
        }
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
        _joined?.Dispose();
        _runOptions.Dispose();
        _session.Dispose();

        // the weights of both sessions go with it
        _joinedModel?.Dispose();
        _cache.Dispose();
        FreedMemory.GiveBack();
    }
}
