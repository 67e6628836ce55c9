using System.Numerics.Tensors;
using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Slots;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Calibration;

/// <summary>
/// How large the keys and values of a model become while it reads a text. A pair of numbers of a key is turned by an angle that grows
/// with its position, so each of the two can become as large as the pair is long: that length is what counts, and it is the same at
/// positions that the text does not reach.
/// </summary>
public static class KvPeaks
{
    private const int Chunk = 128;

    /// <param name="graphFile">A graph in slot form whose KV cache is float32.</param>
    /// <param name="windows">Token ids of pieces of a text; each begins at position 0.</param>
    /// <returns>For the keys of layer 0, its values, the keys of layer 1 and so on: a magnitude for each channel, [KV heads x head size].</returns>
    /// <exception cref="ModelFormatException">The graph cannot be loaded.</exception>
    public static float[][] Measure(string graphFile, IReadOnlyList<int[]> windows, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(graphFile);
        ArgumentNullException.ThrowIfNull(windows);
        OnnxRunnerOptions options = new() { Slots = 1, ContextLength = Math.Max(2, windows.Max(window => window.Length)), MaxPrefillChunk = Chunk };
        InferenceSession session = OnnxModel.Open(graphFile, options);
        using SlotRunner runner = new(session, SlotGraph.Read(session, graphFile), options, HostDevice.Instance);
        using DenormalMode mode = DenormalMode.Flush();
        KvShape shape = runner.Cache.Shape;
        float[][] peaks = [.. Enumerable.Range(0, 2 * shape.Layers).Select(_ => new float[shape.KeyValueHeads * shape.HeadSize])];
        foreach (int[] window in windows)
        {
            for (int position = 0; position < window.Length; position += Chunk)
            {
                cancellationToken.ThrowIfCancellationRequested();
                runner.Prefill(0, position, window.AsSpan(position..Math.Min(window.Length, position + Chunk)), []);
            }

            Raise(peaks, runner.Cache, window.Length);
        }

        return peaks;
    }

    private static void Raise(float[][] peaks, SlotKvCache cache, int positions)
    {
        int size = cache.Shape.HeadSize;
        for (int i = 0; i < peaks.Length; i++)
        {
            for (int head = 0; head < cache.Shape.KeyValueHeads; head++)
            {
                Span<float> channels = peaks[i].AsSpan(head * size, size);
                ReadOnlySpan<float> numbers = cache.Read(i, head, positions);
                for (; !numbers.IsEmpty; numbers = numbers[size..])
                {
                    Raise(channels, numbers[..size], isKey: i % 2 == 0);
                }
            }
        }
    }

    private static void Raise(Span<float> channels, ReadOnlySpan<float> numbers, bool isKey)
    {
        if (!isKey)
        {
            TensorPrimitives.MaxMagnitude(channels, numbers, channels);
            TensorPrimitives.Abs(channels, channels);
            return;
        }

        int half = numbers.Length / 2;
        for (int c = 0; c < half; c++)
        {
            float length = MathF.Sqrt((numbers[c] * numbers[c]) + (numbers[c + half] * numbers[c + half]));
            channels[c] = channels[c + half] = MathF.Max(channels[c], length);
        }
    }
}
