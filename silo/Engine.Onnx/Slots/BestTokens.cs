using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <summary>Where a graph puts the best token of each row, eight bytes in the place of a row of logits.</summary>
internal sealed class BestTokens(ITensorDevice device, int maxRows) : IDisposable
{
    private readonly StepBuffer<long> _tokens = new(device, maxRows);
    private readonly OrtValue?[] _tensors = new OrtValue?[maxRows + 1];

    public void Bind(BoundRun run, int rows) =>
        run.RebindOutput(SlotGraph.BestToken, _tensors[rows] ??= _tokens.Tensor(TensorElementType.Int64, 0, rows));

    /// <summary>Brings what the last run named, for rows that want no logits.</summary>
    /// <param name="firstRow">The row of the run that the first number belongs to.</param>
    public void Fetch(int firstRow, Span<int> best)
    {
        ReadOnlySpan<long> named = _tokens.Fetch(firstRow, best.Length);
        for (int row = 0; row < best.Length; row++)
        {
            best[row] = best[row] == IModelRunner.SeeLogits ? IModelRunner.SeeLogits : (int)named[row];
        }
    }

    public void Dispose()
    {
        foreach (OrtValue? tensor in _tensors)
        {
            tensor?.Dispose();
        }

        _tokens.Dispose();
    }
}
