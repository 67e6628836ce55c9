using System.Buffers.Binary;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Tests.Gguf;

public sealed class DamagedGgufTests : IDisposable
{
    private const string Gate = "blk.0.ffn_gate.weight";

    // Where the counts and the first pair lie: magic, version, two counts of eight bytes.
    private const int TensorCount = 8;
    private const int PairCount = 16;
    private const int FirstKeyLength = 24;

    private readonly TinyModel _model = new();
    private readonly TinyGguf _gguf;

    public DamagedGgufTests() => _gguf = TinyGguf.From(_model, (_, tensor) => tensor.Bytes);

    [Fact]
    public void Prepare_NoFile_NamesIt() => AssertRefused("missing");

    [Fact]
    public void Prepare_AnyTruncation_IsRefused()
    {
        byte[] whole = File.ReadAllBytes(_gguf.Write().FilePath);
        for (int length = 0; length < whole.Length; length += length < 1200 ? 1 : 997)
        {
            File.WriteAllBytes(_gguf.FilePath, whole[..length]);

            AssertRefused("");
        }
    }

    [Fact]
    public void Prepare_AnyByteOfTheHeadChanged_IsRefusedOrReadButNeverFails()
    {
        byte[] whole = File.ReadAllBytes(_gguf.Write().FilePath);
        int refused = 0;
        for (int place = 0; place < 1100; place++)
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= (byte)(0x80 >> (place % 8));
            File.WriteAllBytes(_gguf.FilePath, damaged);
            refused += Record.Exception(() => ModelFactory.Sources.GgufSource.Open(_gguf.FilePath).Dispose()) switch
            {
                null => 0,
                ModelFormatException => 1,
                Exception other => throw new InvalidOperationException($"byte {place} changed", other),
            };
        }

        Assert.InRange(refused, 600, 1100);
    }

    [Theory]
    [InlineData(TensorCount)]
    [InlineData(PairCount)]
    [InlineData(FirstKeyLength)]
    public void Prepare_CountBeyondTheFile_IsRefused(int place)
    {
        foreach (ulong count in new ulong[] { 1UL << 20, 1UL << 31, 1UL << 40, ulong.MaxValue, long.MaxValue })
        {
            _gguf.Write();
            Patch(place, count);

            AssertRefused("");
        }
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(4u)]
    [InlineData(0x03000000u)]
    public void Prepare_UnknownVersion_IsRefused(uint version)
    {
        _gguf.Version = version;

        _gguf.Write();

        AssertRefused("version");
    }

    [Fact]
    public void Prepare_OtherMagic_IsRefused()
    {
        _gguf.Write();
        Patch(0, 0x0000000346554746);

        AssertRefused("GGUF");
    }

    [Fact]
    public void Prepare_ArrayOfArrays_IsRefused()
    {
        _gguf.Set("tokenizer.ggml.tokens", Raw(9, 9, 1_000_000, 0));
        _gguf.Write();

        AssertRefused("array of arrays");
    }

    [Fact]
    public void Prepare_ArrayLongerThanTheFile_IsRefused()
    {
        _gguf.Set("tokenizer.ggml.tokens", Raw(9, 8, 1_000_000, 0));
        _gguf.Write();

        AssertRefused("tokenizer.ggml.tokens");
    }

    [Fact]
    public void Prepare_UnknownTypeOfValue_IsRefused()
    {
        _gguf.Set("general.name", Raw(77, 0));
        _gguf.Write();

        AssertRefused("general.name");
    }

    [Fact]
    public void Prepare_KeyTwice_IsRefused()
    {
        _gguf.Metadata.Add(("llama.block_count", 1u));
        _gguf.Write();

        AssertRefused("llama.block_count");
    }

    [Theory]
    [InlineData("general.architecture", "mamba")]
    [InlineData("general.alignment", 48u)]
    [InlineData("general.alignment", 0u)]
    [InlineData("general.alignment", "32")]
    [InlineData("split.count", 3u)]
    [InlineData("llama.embedding_length", 4_000_000_000u)]
    [InlineData("llama.embedding_length", "32")]
    [InlineData("llama.attention.value_length", 8u)]
    [InlineData("llama.attention.causal", false)]
    [InlineData("llama.attention.sliding_window", 4096u)]
    [InlineData("llama.rope.dimension_count", 8u)]
    [InlineData("llama.rope.scaling.type", "longrope")]
    [InlineData("llama.rope.freq_base", float.NaN)]
    [InlineData("llama.expert_count", 8u)]
    public void Prepare_MetadataThatAreNotSupported_NamesTheKey(string key, object value)
    {
        _gguf.Set(key, value);
        _gguf.Write();

        AssertRefused(key);
    }

    [Theory]
    [InlineData("llama.attention.head_count", 0u, "num_attention_heads")]
    [InlineData("llama.attention.key_length", 15u, "head_dim")]
    [InlineData("llama.context_length", 1u, "max_position_embeddings")]
    public void Prepare_SizeOutOfRange_NamesItInTheWordsOfTheConfiguration(string key, uint value, string published)
    {
        _gguf.Set(key, value);
        _gguf.Write();

        AssertRefused(published);
    }

    [Theory]
    [InlineData("llama.embedding_length")]
    [InlineData("llama.block_count")]
    [InlineData("llama.context_length")]
    [InlineData("general.architecture")]
    public void Prepare_MissingMetadata_NamesTheKey(string key)
    {
        _gguf.Metadata.RemoveAll(pair => pair.Key == key);
        _gguf.Write();

        AssertRefused(key);
    }

    [Theory]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue - 100_000)]
    [InlineData(-(1L << 40))]
    [InlineData(8)]
    [InlineData(-32)]
    public void Prepare_TensorOutsideItsPlace_IsRefused(long shift)
    {
        _gguf.Change(Gate, tensor => tensor with { Shift = shift });
        _gguf.Write();

        AssertRefused("tensor '");
    }

    [Theory]
    [InlineData((ulong)TinyModel.Intermediate, (ulong)TinyModel.Hidden)]
    [InlineData(0UL, 48UL)]
    [InlineData(1UL << 40, 48UL)]
    [InlineData(1UL << 26, 1UL << 26)]
    [InlineData(ulong.MaxValue, 48UL)]
    public void Prepare_WrongShape_NamesTheTensor(ulong fast, ulong slow)
    {
        _gguf.Change(Gate, tensor => tensor with { Dimensions = [fast, slow] });
        _gguf.Write();

        AssertRefused(Gate);
    }

    [Fact]
    public void Prepare_MoreDimensionsThanTwo_NamesTheTensor()
    {
        _gguf.Change(Gate, tensor => tensor with { Dimensions = [.. Enumerable.Repeat(1UL, 100_000)] });
        _gguf.Write();

        AssertRefused(Gate);
    }

    [Theory]
    [InlineData(10u)]
    [InlineData(9999u)]
    public void Prepare_TypeThatIsNotRead_NamesTheTensor(uint type)
    {
        _gguf.Change(Gate, tensor => tensor with { Type = type });
        _gguf.Write();

        AssertRefused(Gate);
    }

    [Fact]
    public void Prepare_RowThatIsNoMultipleOfABlock_NamesTheTensor()
    {
        _gguf.Change(Gate, tensor => tensor with { Type = 12 });
        _gguf.Write();

        AssertRefused("multiple of 256");
    }

    [Theory]
    [InlineData(Gate)]
    [InlineData("token_embd.weight")]
    [InlineData("output_norm.weight")]
    public void Prepare_MissingTensor_IsRefused(string name)
    {
        _gguf.Tensors.RemoveAll(tensor => tensor.Name == name);
        _gguf.Write();

        AssertRefused("");
    }

    [Theory]
    [InlineData("blk.0.attn_q_norm.weight")]
    [InlineData("blk.7.attn_norm.weight")]
    [InlineData("blk.0.attn_sinks.weight")]
    [InlineData("blk..attn_norm.weight")]
    [InlineData("rope_factors_long.weight")]
    [InlineData("vision.weight")]
    public void Prepare_TensorOfAnotherArchitecture_NamesTheFile(string name)
    {
        _gguf.Tensors.Add(new GgufTestTensor(name, [1], 0, new byte[4]));
        _gguf.Write();

        AssertRefused("");
    }

    [Fact]
    public void Prepare_RotaryFactorOfZero_IsRefused()
    {
        _gguf.Tensors.Add(new GgufTestTensor("rope_freqs.weight", [8], 0, new byte[32]));
        _gguf.Write();

        AssertRefused("rope_freqs.weight");
    }

    public void Dispose()
    {
        _gguf.Dispose();
        _model.Dispose();
    }

    private static byte[] Raw(uint type, params ulong[] rest)
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        writer.Write(type);
        if (type == 9)
        {
            writer.Write((uint)rest[0]);
            rest = rest[1..];
        }

        Array.ForEach(rest, writer.Write);
        return bytes.ToArray();
    }

    private void Patch(int place, ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        using FileStream file = File.OpenWrite(_gguf.FilePath);
        file.Position = place;
        file.Write(bytes);
    }

    private void AssertRefused(string detail)
    {
        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => _gguf.Prepare());

        Assert.Equal(TinyGguf.FileName, refused.FileName);
        Assert.Contains(detail, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_gguf.Cache), "a refused file left something in the cache");
    }
}
