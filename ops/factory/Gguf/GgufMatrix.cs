using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Gguf;

/// <summary>A tensor as it lies in a GGUF file.</summary>
internal class GgufMatrix(GgufFile file, GgufTensor tensor) : IWeightMatrix
{
    public int Rows => tensor.Rows;

    public int Columns => tensor.Columns;

    public static GgufMatrix Of(GgufFile file, GgufTensor tensor) => tensor.Element is GgufElement.Q4_0 or GgufElement.Q4_1 or GgufElement.Q4_K
        ? new GgufBlockMatrix(file, tensor)
        : new GgufMatrix(file, tensor);

    public void Read(int row, int column, Span<float> target)
    {
        if (tensor.Element is GgufElement.F32 or GgufElement.F16 or GgufElement.BF16)
        {
            int size = tensor.Element.BlockBytes();
            Plain(tensor.Element).ToSingle(file.Content.Bytes(tensor.Offset + (row * tensor.RowBytes) + ((long)column * size), target.Length * size), target);
            return;
        }

        Span<float> numbers = stackalloc float[BlockDecoder.GroupLength];
        int done = 0;
        while (done < target.Length)
        {
            (int group, int within) = Math.DivRem(column + done, BlockDecoder.GroupLength);
            int count = Math.Min(BlockDecoder.GroupLength - within, target.Length - done);
            ReadOnlySpan<byte> block = Block(row, group, out int groupOfBlock);
            BlockDecoder.Decode(tensor.Element, block, groupOfBlock, numbers);
            numbers.Slice(within, count).CopyTo(target[done..]);
            done += count;
        }
    }

    /// <summary>The block of a row that holds the numbers from 32 * <paramref name="group"/> on.</summary>
    protected ReadOnlySpan<byte> Block(int row, int group, out int groupOfBlock)
    {
        int groupsPerBlock = tensor.Element.BlockLength() / BlockDecoder.GroupLength;
        int bytes = tensor.Element.BlockBytes();
        (int block, groupOfBlock) = Math.DivRem(group, groupsPerBlock);
        return file.Content.Bytes(tensor.Offset + (row * tensor.RowBytes) + ((long)block * bytes), bytes);
    }

    private static WeightElement Plain(GgufElement element) => element switch
    {
        GgufElement.F32 => WeightElement.Float32,
        GgufElement.F16 => WeightElement.Float16,
        _ => WeightElement.BFloat16,
    };
}

/// <summary>A tensor in one of the formats whose numbers are 4-bit codes with a scale and a minimum for every 32 of them.</summary>
internal sealed class GgufBlockMatrix(GgufFile file, GgufTensor tensor) : GgufMatrix(file, tensor), IBlockMatrix
{
    private readonly GgufElement _element = tensor.Element;

    public int BlockSize => BlockDecoder.GroupLength;

    public void ReadBlocks(int row, Span<byte> codes, Span<float> scales, Span<float> minimums)
    {
        for (int group = 0; group < Columns / BlockDecoder.GroupLength; group++)
        {
            ReadOnlySpan<byte> block = Block(row, group, out int groupOfBlock);
            (scales[group], minimums[group]) = BlockDecoder.Codes4(
                _element, block, groupOfBlock, codes.Slice(group * BlockDecoder.GroupLength, BlockDecoder.GroupLength));
        }
    }
}
