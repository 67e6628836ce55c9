namespace DeepSeekOrleans.ModelFactory.Weights;

/// <summary>The size of the blocks of a matrix that share one scale, from <c>quantization_config.weight_block_size</c>.</summary>
internal readonly record struct ScaleBlock(int Rows, int Columns)
{
    public int RowsOfScales(int rows) => ((rows - 1) / Rows) + 1;

    public int ColumnsOfScales(int columns) => ((columns - 1) / Columns) + 1;
}

/// <summary>Numbers of few bits times the scale of the block they lie in, as DeepSeek publishes FP8 weights.</summary>
/// <param name="scales">One number per block, [rows of blocks, columns of blocks].</param>
internal sealed class BlockScaledMatrix(IWeightMatrix codes, IWeightMatrix scales, ScaleBlock block) : IWeightMatrix
{
    public int Rows => codes.Rows;

    public int Columns => codes.Columns;

    public void Read(int row, int column, Span<float> target)
    {
        codes.Read(row, column, target);
        Span<float> scale = stackalloc float[1];
        int done = 0;
        while (done < target.Length)
        {
            (int blockColumn, int within) = Math.DivRem(column + done, block.Columns);
            int count = Math.Min(block.Columns - within, target.Length - done);
            scales.Read(row / block.Rows, blockColumn, scale);
            for (int i = done; i < done + count; i++)
            {
                target[i] *= scale[0];
            }

            done += count;
        }
    }
}
