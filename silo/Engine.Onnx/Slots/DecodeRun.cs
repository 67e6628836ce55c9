using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>
/// Feeds one token to each of the first B slots, whatever their lengths, in one run. Where the graph wants an even number of rows and B
/// is odd, a row of the cache's spare slot comes first, whose token is always at position 0, so that its attention costs nothing.
/// </summary>
internal sealed class DecodeRun : IDisposable
{
    private readonly Func<int, BoundRun> _bind;
    private readonly BoundRun?[] _runs;
    private readonly int _vocabulary;
    private readonly bool _inPairs;
    private readonly StepBuffer<long> _ids;
    private readonly StepBuffer<int> _positions;
    private readonly StepBuffer<int> _totalLength = new(HostDevice.Instance, 1);
    private readonly StepBuffer<long> _logitRows;
    private readonly StepBuffer<float> _logits;
    private readonly BestTokens? _best;

    public DecodeRun(InferenceSession session, StepRunOptions options, SlotKvCache cache, ModelShape shape, ITensorDevice device)
    {
        _vocabulary = shape.Vocabulary;
        _inPairs = cache.HasSpare;
        _runs = new BoundRun?[shape.Slots + 1];
        int mostRows = shape.Slots + Spare(shape.Slots);
        _ids = new StepBuffer<long>(device, mostRows);
        _positions = new StepBuffer<int>(device, mostRows);
        _logitRows = new StepBuffer<long>(device, mostRows);
        _logits = new StepBuffer<float>(device, (long)mostRows * shape.Vocabulary);
        _best = shape.ChoosesTokens ? new BestTokens(device, mostRows) : null;
        for (int i = 0; i < mostRows; i++)
        {
            _logitRows.Span(i, 1)[0] = i;
        }

        _logitRows.Send(mostRows);

        // The kernel reads it on the host. A constant, and never 1: a total equal to the number of new tokens tells the kernel that there is no past, silently.
        _totalLength.Span(0, 1)[0] = cache.Positions;
        _bind = count => Bind(new BoundRun(session, options.Decode(count), cache.Slice(-Spare(count), count + Spare(count))), count + Spare(count));
    }

    /// <inheritdoc cref="IModelRunner.Decode"/>
    public void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best)
    {
        int spare = Spare(tokens.Length);
        int rows = tokens.Length + spare;
        _ids.Span(0, 1)[0] = 0;
        _positions.Span(0, 1)[0] = 0;
        Span<long> ids = _ids.Span(spare, tokens.Length);
        for (int i = 0; i < tokens.Length; i++)
        {
            ids[i] = tokens[i];
        }

        positions.CopyTo(_positions.Span(spare, tokens.Length));
        _ids.Send(rows);
        _positions.Send(rows);
        (_runs[tokens.Length] ??= _bind(tokens.Length)).Run();
        if (best.IsEmpty)
        {
            FetchLogits(spare, logits);
            return;
        }

        _best!.Fetch(spare, best);
        for (int row = 0; row < best.Length; row++)
        {
            if (best[row] == IModelRunner.SeeLogits)
            {
                FetchLogits(spare + row, logits.Slice(row * _vocabulary, _vocabulary));
            }
        }
    }

    public void Dispose()
    {
        foreach (IDisposable? part in (IEnumerable<IDisposable?>)[.. _runs, _ids, _positions, _totalLength, _logitRows, _logits, _best])
        {
            part?.Dispose();
        }
    }

    private void FetchLogits(int firstRow, Span<float> logits) => _logits.Fetch((long)firstRow * _vocabulary, logits.Length).CopyTo(logits);

    private BoundRun Bind(BoundRun run, int rows)
    {
        _best?.Bind(run, rows);
        return run
            .Input(SlotGraph.InputIds, _ids.Tensor(TensorElementType.Int64, 0, rows, 1))
            .Input(SlotGraph.SequenceLengths, _positions.Tensor(TensorElementType.Int32, 0, rows))
            .Input(SlotGraph.TotalLength, _totalLength.Tensor(TensorElementType.Int32, 0, 1))
            .Input(SlotGraph.LogitRows, _logitRows.Tensor(TensorElementType.Int64, 0, rows))
            .Output(SlotGraph.Logits, _logits.Tensor(TensorElementType.Float, 0, rows, _vocabulary));
    }

    /// <summary>Rows before the first slot's.</summary>
    private int Spare(int rows) => _inPairs ? rows & 1 : 0;
}
