using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Onnx;

/// <summary>Writes a constant's numbers to a stream in the floating-point type that it has, a band of rows at a time.</summary>
internal static class WeightWriter
{
    // 64 columns of a source row are one or two cache lines: a tile of 64 x 64 stays in the first-level cache while it is turned.
    private const int Tile = 64;

    /// <summary>The parts one after another, as they are stored.</summary>
    public static void Copy(Stream target, OnnxElement element, IReadOnlyList<IWeightMatrix> parts)
    {
        FloatStream numbers = new(target, element);
        foreach (IWeightMatrix part in parts)
        {
            float[] row = new float[part.Columns];
            for (int r = 0; r < part.Rows; r++)
            {
                part.Read(r, 0, row);
                numbers.Write(row);
            }
        }
    }

    /// <summary>The parts, each [out, in], side by side as [in, sum of out]: what MatMul wants to its right.</summary>
    public static void Transpose(Stream target, OnnxElement element, IReadOnlyList<IWeightMatrix> parts)
    {
        FloatStream numbers = new(target, element);
        int inputs = parts[0].Columns;
        int outputs = parts.Sum(part => part.Rows);
        float[] band = new float[Math.Min(Tile, inputs) * outputs];
        for (int first = 0; first < inputs; first += Tile)
        {
            int count = Math.Min(Tile, inputs - first);
            int column = 0;
            foreach (IWeightMatrix part in parts)
            {
                TransposeBand(part, first, count, band.AsSpan(column), outputs);
                column += part.Rows;
            }

            numbers.Write(band.AsSpan(0, count * outputs));
        }
    }

    /// <summary>The cosine or the sine table, [positions, frequencies].</summary>
    public static void Rotary(Stream target, OnnxElement element, RotaryTables tables, int positions, bool cosine)
    {
        FloatStream numbers = new(target, element);
        float[] kept = new float[tables.FrequencyCount];
        float[] other = new float[tables.FrequencyCount];
        for (int position = 0; position < positions; position++)
        {
            tables.Fill(position, cosine ? kept : other, cosine ? other : kept);
            numbers.Write(kept);
        }
    }

    private static void TransposeBand(IWeightMatrix part, int first, int count, Span<float> band, int stride)
    {
        Span<float> piece = stackalloc float[Tile];
        for (int row = 0; row < part.Rows; row++)
        {
            part.Read(row, first, piece[..count]);
            for (int i = 0; i < count; i++)
            {
                band[(i * stride) + row] = piece[i];
            }
        }
    }
}
