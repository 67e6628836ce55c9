using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>
/// Feeds a chunk of tokens to one slot. GroupQueryAttention takes several tokens with a past only in a batch of one. A chunk of an odd
/// number of tokens is padded with one more, whose keys and values land above the chunk, where they are overwritten before they are
/// read: products of a single row take another kernel, with other roundings, both for a chunk of one and for the last row of a block
/// of rows. With even chunks, how a prompt is cut into chunks does not change a bit of its result.
/// </summary>
internal sealed class PrefillRun : IDisposable
{
    private readonly Func<int, BoundRun> _bind;
    private readonly BoundRun?[] _runs;
    private readonly int[] _boundLengths;
    private readonly OrtValue?[] _idsByLength;
    private readonly StepBuffer<long> _ids;
    private readonly StepBuffer<int> _lastPosition;
    private readonly StepBuffer<int> _totalLength = new(HostDevice.Instance, 1);
    private readonly PrefillLogits _logits;

    public PrefillRun(InferenceSession session, StepRunOptions options, SlotKvCache cache, ModelShape shape, ITensorDevice device)
    {
        _runs = new BoundRun?[shape.Slots];
        _boundLengths = new int[shape.Slots];
        _idsByLength = new OrtValue?[Even(shape.MaxPrefillChunk) + 1];
        _ids = new StepBuffer<long>(device, Even(shape.MaxPrefillChunk));
        _logits = new PrefillLogits(shape, Even(shape.MaxPrefillChunk), device, inPairs: cache.HasSpare);
        _lastPosition = new StepBuffer<int>(device, 1);
        _totalLength.Span(0, 1)[0] = cache.Positions;
        _bind = slot => new BoundRun(session, options.Prefill, cache.Slice(slot, 1))
            .Input(SlotGraph.SequenceLengths, _lastPosition.Tensor(TensorElementType.Int32, 0, 1))
            .Input(SlotGraph.TotalLength, _totalLength.Tensor(TensorElementType.Int32, 0, 1));
    }

    /// <param name="logits">None, those after the last token, or those after each.</param>
    /// <param name="best">As in <see cref="IModelRunner.Prefill"/>.</param>
    public void Run(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best)
    {
        int padded = Even(tokens.Length);
        Span<long> ids = _ids.Span(0, padded);
        ids[^1] = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            ids[i] = tokens[i];
        }

        _lastPosition.Span(0, 1)[0] = position + padded - 1;
        _ids.Send(padded);
        _lastPosition.Send(1);
        BoundRun run = _runs[slot] ??= _bind(slot);
        if (_boundLengths[slot] != padded)
        {
            run.Rebind(SlotGraph.InputIds, _idsByLength[padded] ??= _ids.Tensor(TensorElementType.Int64, 0, 1, padded));
            _boundLengths[slot] = padded;
        }

        _logits.Bind(run, slot, tokens.Length, logits.Length);
        run.Run();
        _logits.Fetch(logits, best);
    }

    /// <summary>Tokens of a chunk with its padding.</summary>
    public static int Even(int length) => length + (length & 1);

    public void Dispose()
    {
        foreach (IDisposable? part in (IEnumerable<IDisposable?>)[.. _runs, .. _idsByLength, _ids, _lastPosition, _totalLength, _logits])
        {
            part?.Dispose();
        }
    }
}
