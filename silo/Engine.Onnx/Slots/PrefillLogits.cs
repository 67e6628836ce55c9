using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>
/// Which rows of a chunk the graph turns into logits, and where it puts them: the last row, or every row. The memory for every row is
/// taken when somebody first asks for it; 256 rows of a vocabulary of 151,936 are 156 MB. Where the graph wants an even number of rows,
/// the last row is computed twice, and with every row of an odd chunk that of its padding.
/// </summary>
internal sealed class PrefillLogits : IDisposable
{
    private readonly int _vocabulary;
    private readonly bool _inPairs;
    private readonly ITensorDevice _device;
    private readonly StepBuffer<long> _lastRow;
    private readonly StepBuffer<long> _everyRow;
    private readonly OrtValue _lastRowTensor;
    private readonly OrtValue?[] _everyRowTensors;
    private readonly OrtValue?[] _logitTensors;
    private readonly int[] _boundRows;
    private readonly BestTokens? _best;
    private StepBuffer<float> _logits;

    public PrefillLogits(ModelShape shape, int maxRows, ITensorDevice device, bool inPairs)
    {
        _device = device;
        _inPairs = inPairs;
        _lastRow = new StepBuffer<long>(device, Computed(1));
        _vocabulary = shape.Vocabulary;
        _everyRow = new StepBuffer<long>(device, maxRows);
        for (int i = 0; i < maxRows; i++)
        {
            _everyRow.Span(i, 1)[0] = i;
        }

        _everyRow.Send(maxRows);

        _lastRowTensor = _lastRow.Tensor(TensorElementType.Int64, 0, Computed(1));
        _everyRowTensors = new OrtValue?[maxRows + 1];
        _logitTensors = new OrtValue?[maxRows + 1];
        _boundRows = new int[shape.Slots];
        _logits = new StepBuffer<float>(device, (long)Computed(1) * _vocabulary);
        _best = shape.ChoosesTokens ? new BestTokens(device, maxRows) : null;
    }

    /// <summary>Makes a run of <paramref name="tokens"/> tokens compute as many logits as are wanted.</summary>
    public void Bind(BoundRun run, int slot, int tokens, int wanted)
    {
        // where none is wanted one is computed all the same: it is little beside a chunk, and not every kernel takes no rows
        int rows = Math.Max(1, wanted / _vocabulary);
        int computed = Computed(rows);
        _lastRow.Span(0, Computed(1)).Fill(tokens - 1);
        _lastRow.Send(Computed(1));
        Reserve(computed);
        if (_boundRows[slot] != rows)
        {
            OrtValue which = rows == 1 ? _lastRowTensor : _everyRowTensors[computed] ??= _everyRow.Tensor(TensorElementType.Int64, 0, computed);
            run.Rebind(SlotGraph.LogitRows, which);
            run.RebindOutput(SlotGraph.Logits, _logitTensors[computed] ??= _logits.Tensor(TensorElementType.Float, 0, computed, _vocabulary));
            _best?.Bind(run, computed);
            _boundRows[slot] = rows;
        }
    }

    /// <inheritdoc cref="IModelRunner.Prefill"/>
    public void Fetch(Span<float> logits, Span<int> best)
    {
        if (!best.IsEmpty)
        {
            _best!.Fetch(0, best);
        }

        if (best.IsEmpty || best[0] == IModelRunner.SeeLogits)
        {
            _logits.Fetch(0, logits.Length).CopyTo(logits);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable? part in (IEnumerable<IDisposable?>)[_lastRowTensor, .. _everyRowTensors, .. _logitTensors, _lastRow, _everyRow, _logits, _best])
        {
            part?.Dispose();
        }
    }

    private int Computed(int rows) => _inPairs ? rows + (rows & 1) : rows;

    /// <summary>New memory makes every binding to the old one void.</summary>
    private void Reserve(int rows)
    {
        long needed = (long)rows * _vocabulary;
        if (_logits.Length >= needed)
        {
            return;
        }

        foreach (OrtValue? tensor in _logitTensors)
        {
            tensor?.Dispose();
        }

        Array.Clear(_logitTensors);
        Array.Clear(_boundRows);
        _logits.Dispose();
        _logits = new StepBuffer<float>(_device, needed);
    }
}
