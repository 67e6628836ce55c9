using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>Matrices, one below the other, in the layout of MatMulNBits: codes, and a scale for each block of neighbours of a row.</summary>
internal sealed class BlockCodes(IReadOnlyList<IWeightMatrix> parts, BlockFormat format)
{
    public BlockFormat Format => format;

    public int Rows { get; } = parts.Sum(part => part.Rows);

    public int Columns { get; } = parts[0].Columns;

    /// <summary>Of a row; the last one is filled up with zeros.</summary>
    public int Blocks { get; } = (parts[0].Columns + format.Length - 1) / format.Length;

    public int BytesPerBlock => format.Length * format.Bits / 8;

    /// <summary>
    /// True where stored blocks have minimums that are not -8 times their scale, which is all that MatMulNBits can express. The first
    /// row of each part tells, since one file format has them and the other has not.
    /// </summary>
    public bool HasOffsets { get; } = parts.Any(part => format.IsThatOf(part) && RowHasOffsets((IBlockMatrix)part));

    /// <summary>[rows, blocks, bytes per block]; of two 4-bit codes in a byte the low one comes first.</summary>
    public void WriteCodes(Stream target)
    {
        byte[] packed = new byte[Blocks * BytesPerBlock];
        ForEachRow(row =>
        {
            for (int i = 0; i < packed.Length; i++)
            {
                packed[i] = format.Bits == 8 ? row.Codes[i] : (byte)(row.Codes[2 * i] | (row.Codes[(2 * i) + 1] << 4));
            }

            target.Write(packed);
        });
    }

    /// <summary>[rows, blocks].</summary>
    public void WriteScales(Stream target, OnnxElement element)
    {
        FloatStream numbers = new(target, element);
        ForEachRow(row => numbers.Write(row.Scales));
    }

    /// <summary>[blocks, rows]: what each number of a block has beyond scale * (code - 8).</summary>
    public void WriteOffsets(Stream target, OnnxElement element)
    {
        float[] turned = new float[Blocks * Rows];
        int index = 0;
        ForEachRow(row =>
        {
            for (int block = 0; block < Blocks; block++)
            {
                turned[(block * Rows) + index] = row.Minimums[block] + (8 * row.Scales[block]);
            }

            index++;
        });
        new FloatStream(target, element).Write(turned);
    }

    private void ForEachRow(Action<BlockRow> use)
    {
        BlockRow row = new(Blocks, format);
        foreach (IWeightMatrix part in parts)
        {
            for (int r = 0; r < part.Rows; r++)
            {
                row.Read(part, r);
                use(row);
            }
        }
    }

    private static bool RowHasOffsets(IBlockMatrix matrix)
    {
        float[] scales = new float[matrix.Columns / matrix.BlockSize];
        float[] minimums = new float[scales.Length];
        matrix.ReadBlocks(0, new byte[matrix.Columns], scales, minimums);
        return scales.Zip(minimums).Any(block => block.Second != -8 * block.First);
    }

    private sealed class BlockRow(int blocks, BlockFormat format)
    {
        private readonly float[] _weights = new float[blocks * format.Length];

        public byte[] Codes { get; } = new byte[blocks * format.Length];

        public float[] Scales { get; } = new float[blocks];

        public float[] Minimums { get; } = new float[blocks];

        public void Read(IWeightMatrix matrix, int row)
        {
            if (format.IsThatOf(matrix))
            {
                ((IBlockMatrix)matrix).ReadBlocks(row, Codes, Scales, Minimums);
                return;
            }

            matrix.Read(row, 0, _weights.AsSpan(0, matrix.Columns));
            Codes.AsSpan().Fill(format.Zero);
            for (int block = 0; block < blocks; block++)
            {
                Span<float> weights = _weights.AsSpan(block * format.Length, format.Length);
                Span<byte> codes = Codes.AsSpan(block * format.Length, format.Length);
                Scales[block] = format.Bits == 4 ? BlockRounding.ToFourBits(weights, codes) : BlockRounding.ToEightBits(weights, codes);
                Minimums[block] = -8 * Scales[block];
            }
        }
    }
}
