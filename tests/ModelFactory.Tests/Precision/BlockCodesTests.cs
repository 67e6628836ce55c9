using System.Runtime.InteropServices;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Tests.Precision;

public sealed class BlockCodesTests
{
    [Theory]
    [InlineData(4, 32, 0.06)]
    [InlineData(4, 128, 0.08)]
    [InlineData(8, 32, 0.0045)]
    [InlineData(8, 128, 0.006)]
    public void WriteCodes_OfNumbers_IsNearEachWeight(int bits, int length, double allowedMeanError)
    {
        RandomMatrix weights = new(6, 80, seed: 5);
        BlockCodes codes = new([weights], new BlockFormat(bits, length));

        float[][] restored = Restore(codes);

        Assert.Equal(length == 32 ? 3 : 1, codes.Blocks);
        Assert.False(codes.HasOffsets);
        for (int row = 0; row < 6; row++)
        {
            double error = Math.Sqrt(weights.Row(row).Zip(restored[row]).Average(pair => Math.Pow(pair.First - pair.Second, 2)));
            Assert.InRange(error, 1e-9, allowedMeanError);
            Assert.All(restored[row][80..], padding => Assert.Equal(0, padding));
        }
    }

    [Fact]
    public void WriteCodes_OfStoredBlocksWithMinimums_RoundsNothing()
    {
        StoredBlocks stored = new(rows: 4, blocks: 3, symmetric: false);
        BlockCodes codes = new([stored], BlockFormat.FourBits);
        float[] offsets = Numbers(stream => codes.WriteOffsets(stream, OnnxElement.Float));

        float[][] restored = Restore(codes);

        Assert.True(codes.HasOffsets);
        for (int row = 0; row < 4; row++)
        {
            for (int column = 0; column < stored.Columns; column++)
            {
                Assert.Equal(stored.Value(row, column), restored[row][column] + offsets[(column / 32 * 4) + row], 1e-5);
            }
        }
    }

    [Fact]
    public void WriteCodes_OfStoredBlocksWithoutMinimums_NeedsNoOffsets()
    {
        StoredBlocks stored = new(rows: 4, blocks: 3, symmetric: true);
        BlockCodes codes = new([stored], BlockFormat.FourBits);

        float[][] restored = Restore(codes);

        Assert.False(codes.HasOffsets);
        for (int column = 0; column < stored.Columns; column++)
        {
            Assert.Equal(stored.Value(2, column), restored[2][column]);
        }
    }

    // As MatMulNBits reads it: scale * (code - zero), the low half of a byte first.
    private static float[][] Restore(BlockCodes codes)
    {
        byte[] bytes = Written(codes.WriteCodes);
        float[] scales = Numbers(stream => codes.WriteScales(stream, OnnxElement.Float));
        BlockFormat format = codes.Format;
        int width = codes.Blocks * format.Length;
        return
        [
            .. Enumerable.Range(0, codes.Rows).Select(row => Enumerable.Range(0, width).Select(column =>
            {
                int index = (row * width) + column;
                int code = format.Bits == 8 ? bytes[index] - 128 : ((bytes[index / 2] >> (4 * (index % 2))) & 15) - 8;
                return code * scales[index / format.Length];
            }).ToArray()),
        ];
    }

    private static float[] Numbers(Action<Stream> write) => MemoryMarshal.Cast<byte, float>(Written(write)).ToArray();

    private static byte[] Written(Action<Stream> write)
    {
        using MemoryStream stream = new();
        write(stream);
        return stream.ToArray();
    }

    private sealed class StoredBlocks(int rows, int blocks, bool symmetric) : IBlockMatrix
    {
        public int Rows => rows;

        public int Columns => blocks * 32;

        public int BlockSize => 32;

        public float Value(int row, int column) => (Scale(row, column / 32) * Code(row, column)) + Minimum(row, column / 32);

        public void Read(int row, int column, Span<float> target)
        {
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = Value(row, column + i);
            }
        }

        public void ReadBlocks(int row, Span<byte> codes, Span<float> scales, Span<float> minimums)
        {
            for (int i = 0; i < codes.Length; i++)
            {
                codes[i] = Code(row, i);
            }

            for (int block = 0; block < scales.Length; block++)
            {
                scales[block] = Scale(row, block);
                minimums[block] = Minimum(row, block);
            }
        }

        private static byte Code(int row, int column) => (byte)(((row * 7) + (column * 5)) % 16);

        private static float Scale(int row, int block) => 0.25f * (1 + row + block);

        private float Minimum(int row, int block) => symmetric ? -8 * Scale(row, block) : -1.5f * (block + 1);
    }
}
