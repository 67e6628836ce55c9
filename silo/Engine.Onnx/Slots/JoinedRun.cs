using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>
/// Feeds one token to each of the first B slots and a chunk of tokens to one slot, in one run over the weights. Every row gets the bits
/// that it gets from <see cref="DecodeRun"/>, and the chunk those of <see cref="PrefillRun"/>, as which it is padded.
/// </summary>
internal sealed class JoinedRun : IDisposable
{
    // A binding holds four names a layer. A prompt beside the same streams needs one, for as many steps as it has chunks.
    private const int KeptBindings = 32;

    private readonly InferenceSession _session;
    private readonly RunOptions _options;
    private readonly SlotKvCache _cache;
    private readonly int _vocabulary;
    private readonly Dictionary<(int Rows, int Slot), Binding> _bindings = [];
    private readonly StepBuffer<long> _ids;
    private readonly StepBuffer<long> _partSizes = new(HostDevice.Instance, 2);
    private readonly StepBuffer<int> _positions;
    private readonly StepBuffer<int> _lastPosition = new(HostDevice.Instance, 1);
    private readonly StepBuffer<int> _totalLength = new(HostDevice.Instance, 1);
    private readonly StepBuffer<long> _logitRows;
    private readonly StepBuffer<float> _logits;

    public JoinedRun(InferenceSession session, RunOptions options, SlotKvCache cache, ModelShape shape)
    {
        (_session, _options, _cache, _vocabulary) = (session, options, cache, shape.Vocabulary);
        _ids = new StepBuffer<long>(HostDevice.Instance, shape.Slots + PrefillRun.Even(shape.MaxPrefillChunk));
        _positions = new StepBuffer<int>(HostDevice.Instance, shape.Slots);
        _logitRows = new StepBuffer<long>(HostDevice.Instance, shape.Slots + 1);
        _logits = new StepBuffer<float>(HostDevice.Instance, (long)(shape.Slots + 1) * _vocabulary);
        _totalLength.Span(0, 1)[0] = cache.Positions;
    }

    /// <param name="wantsChunkLogits">Those after its last token; <see cref="ChunkLogits"/> has them then.</param>
    /// <returns>The logits of the rows, [rows x vocabulary], valid until the next run.</returns>
    public ReadOnlySpan<float> Run(
        int slot, int position, ReadOnlySpan<int> chunk, bool wantsChunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions)
    {
        int rows = tokens.Length;
        int padded = PrefillRun.Even(chunk.Length);
        Span<long> ids = _ids.Span(0, rows + padded);
        ids[^1] = 0;
        Widen(tokens, ids);
        Widen(chunk, ids[rows..]);
        positions.CopyTo(_positions.Span(0, rows));
        _lastPosition.Span(0, 1)[0] = position + padded - 1;
        (_partSizes.Span(0, 2)[0], _partSizes.Span(0, 2)[1]) = (rows, padded);
        Span<long> wanted = _logitRows.Span(0, rows + 1);
        for (int row = 0; row < rows; row++)
        {
            wanted[row] = row;
        }

        wanted[rows] = rows + chunk.Length - 1;
        BindingOf(rows, slot).Run(rows + padded, wantsChunkLogits ? rows + 1 : rows);
        return _logits.Span(0, rows * _vocabulary);
    }

    /// <summary>Of the last run, which had so many rows.</summary>
    public ReadOnlySpan<float> ChunkLogits(int rows) => _logits.Span((long)rows * _vocabulary, _vocabulary);

    public void Dispose()
    {
        DropBindings();
        foreach (IDisposable part in (IEnumerable<IDisposable>)[_ids, _partSizes, _positions, _lastPosition, _totalLength, _logitRows, _logits])
        {
            part.Dispose();
        }
    }

    private static void Widen(ReadOnlySpan<int> tokens, Span<long> ids)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            ids[i] = tokens[i];
        }
    }

    private Binding BindingOf(int rows, int slot)
    {
        if (_bindings.TryGetValue((rows, slot), out Binding? kept))
        {
            return kept;
        }

        if (_bindings.Count == KeptBindings)
        {
            DropBindings();
        }

        return _bindings[(rows, slot)] = new Binding(this, rows, slot);
    }

    private void DropBindings()
    {
        foreach (Binding binding in _bindings.Values)
        {
            binding.Dispose();
        }

        _bindings.Clear();
    }

    /// <summary>Everything that depends on the number of rows and on the slot of the chunk is bound once, the rest where it changes.</summary>
    private sealed class Binding : IDisposable
    {
        private readonly JoinedRun _owner;
        private readonly BoundRun _run;
        private OrtValue? _ids;
        private OrtValue? _logitRows;
        private OrtValue? _logits;
        private int _boundTokens;
        private int _boundLogits;

        public Binding(JoinedRun owner, int rows, int slot)
        {
            _owner = owner;
            _run = new BoundRun(owner._session, owner._options, owner._cache.Slice(0, rows))
                .Input(SlotGraph.SequenceLengths, owner._positions.Tensor(TensorElementType.Int32, 0, rows))
                .Input(SlotGraph.ChunkSequenceLengths, owner._lastPosition.Tensor(TensorElementType.Int32, 0, 1))
                .Input(SlotGraph.TotalLength, owner._totalLength.Tensor(TensorElementType.Int32, 0, 1))
                .Input(SlotGraph.PartSizes, owner._partSizes.Tensor(TensorElementType.Int64, 0, 2));
            foreach ((int index, OrtValue buffer) in owner._cache.Slice(slot, 1).Index())
            {
                _run.Input(SlotGraph.ChunkPast(index), buffer).RebindOutput(SlotGraph.ChunkPresent(index), buffer);
            }
        }

        public void Run(int tokens, int logits)
        {
            if (_boundTokens != tokens)
            {
                _ids?.Dispose();
                _ids = _owner._ids.Tensor(TensorElementType.Int64, 0, 1, tokens);
                _run.Rebind(SlotGraph.InputIds, _ids);
                _boundTokens = tokens;
            }

            if (_boundLogits != logits)
            {
                _logitRows?.Dispose();
                _logits?.Dispose();
                _logitRows = _owner._logitRows.Tensor(TensorElementType.Int64, 0, logits);
                _logits = _owner._logits.Tensor(TensorElementType.Float, 0, logits, _owner._vocabulary);
                _run.Rebind(SlotGraph.LogitRows, _logitRows);
                _run.RebindOutput(SlotGraph.Logits, _logits);
                _boundLogits = logits;
            }

            _run.Run();
        }

        public void Dispose()
        {
            _run.Dispose();
            _ids?.Dispose();
            _logitRows?.Dispose();
            _logits?.Dispose();
        }
    }
}
