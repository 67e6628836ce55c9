using System.Runtime.InteropServices;
using DeepSeekOrleans.ModelFactory.Gguf;
using DeepSeekOrleans.ModelFactory.Sources;
using DeepSeekOrleans.ModelFactory.Weights;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.ModelFactory.Tests.Gguf;

public sealed class GgufConversionTests : IDisposable
{
    private const int HeadSize = 16;

    private readonly TinyModel _model = new TinyModel().Write();
    private readonly TinyGguf _gguf;

    public GgufConversionTests() => _gguf = TinyGguf.From(_model, (name, tensor) =>
        name.Contains("attn_q.", StringComparison.Ordinal) || name.Contains("attn_k.", StringComparison.Ordinal) ? AsPairs(tensor) : tensor.Bytes);

    [Fact]
    public void Prepare_SameLlamaInBothLayouts_WritesTheSameNumbers()
    {
        Assert.Equal(Numbers(_model.Prepare()), Numbers(_gguf.Write().Prepare()));
    }

    [Fact]
    public void Prepare_LlamaWithAttentionBiases_PutsThemInTheSameOrderToo()
    {
        _model.Config["attention_bias"] = true;
        AddBias("q_proj", "attn_q", 2 * HeadSize, isRotated: true);
        AddBias("k_proj", "attn_k", HeadSize, isRotated: true);
        AddBias("v_proj", "attn_v", HeadSize, isRotated: false);
        AddBias("o_proj", "attn_output", TinyModel.Hidden, isRotated: false);
        _model.Write();

        Assert.Equal(Numbers(_model.Prepare()), Numbers(_gguf.Write().Prepare()));
    }

    [Fact]
    public void Prepare_NoOutputMatrix_TiesTheEmbedding()
    {
        _model.Config["tie_word_embeddings"] = true;
        _model.Tensors.RemoveAll(tensor => tensor.Name == "lm_head.weight");
        _model.Write();
        _gguf.Tensors.RemoveAll(tensor => tensor.Name == "output.weight");

        Assert.Equal(Numbers(_model.Prepare()), Numbers(_gguf.Write().Prepare()));
    }

    [Theory]
    [InlineData("{\"rope_type\": \"linear\", \"factor\": 4.0}", "linear")]
    [InlineData("{\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 16, \"attn_factor\": 0.875}", "yarn")]
    public void Prepare_ScaledRotation_IsThatOfTheConfiguration(string scaling, string type)
    {
        _model.Config["rope_theta"] = 500_000.0;
        _model.Config["rope_scaling"] = System.Text.Json.Nodes.JsonNode.Parse(scaling);
        _model.Write();
        _gguf.Set("llama.rope.freq_base", 500_000f);
        _gguf.Set("llama.rope.scaling.type", type);
        _gguf.Set("llama.rope.scaling.factor", 4f);
        _gguf.Set("llama.rope.scaling.original_context_length", 16u);
        _gguf.Set("llama.rope.scaling.attn_factor", 0.875f);

        Assert.Equal(Numbers(_model.Prepare()), Numbers(_gguf.Write().Prepare()));
    }

    [Fact]
    public void Prepare_RotaryFactors_AreLlama3sScaling()
    {
        const double Factor = 8, Low = 1, High = 4, Original = 32;
        _model.Config["rope_scaling"] = System.Text.Json.Nodes.JsonNode.Parse(
            $$"""{"rope_type": "llama3", "factor": {{Factor}}, "low_freq_factor": {{Low}}, "high_freq_factor": {{High}}, "original_max_position_embeddings": {{Original}}}""");
        _model.Write();
        float[] factors = [.. Enumerable.Range(0, HeadSize / 2).Select(i =>
        {
            double wavelength = 2 * Math.PI * Math.Pow(10_000, 2.0 * i / HeadSize);
            double blend = ((Original / wavelength) - Low) / (High - Low);
            return (float)(wavelength < Original / High ? 1 : wavelength > Original / Low ? Factor : 1 / (((1 - blend) / Factor) + blend));
        })];
        Assert.Equal(3, factors.Select(factor => factor switch { 1 => 0, (float)Factor => 1, _ => 2 }).Distinct().Count());
        _gguf.Tensors.Add(new GgufTestTensor("rope_freqs.weight", [HeadSize / 2], 0, MemoryMarshal.AsBytes<float>(factors).ToArray()));

        float[] expected = Numbers(_model.Prepare());
        float[] actual = Numbers(_gguf.Write().Prepare());

        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Prepare_VersionTwo_IsReadAsWell()
    {
        _gguf.Version = 2;

        Assert.Equal(Numbers(_model.Prepare()), Numbers(_gguf.Write().Prepare()));
    }

    [SharedDataTheory]
    [InlineData("tiny-gguf/qwen2-mixed.gguf", "model.layers.0.self_attn.q_proj.weight", 256, 256)] // Q4_K
    [InlineData("tiny-gguf/qwen2-mixed.gguf", "model.layers.0.self_attn.o_proj.weight", 256, 256)] // Q4_0
    [InlineData("tiny-gguf/qwen2-mixed.gguf", "model.layers.0.mlp.gate_proj.weight", 512, 256)] // Q4_1
    [InlineData("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf", "model.layers.3.self_attn.k_proj.weight", 192, 576)] // Q4_1, permuted
    public void ReadBlocks_FourBitFormats_GiveTheNumbersThatReadGives(string file, string name, int rows, int columns)
    {
        using GgufSource source = GgufSource.Open(SharedData.Path($"models/{file}"));
        IBlockMatrix matrix = Assert.IsType<IBlockMatrix>(source.Weights.Get(name, rows, columns), exactMatch: false);
        byte[] codes = new byte[columns];
        float[] scales = new float[columns / matrix.BlockSize];
        float[] minimums = new float[columns / matrix.BlockSize];
        float[] numbers = new float[columns];

        foreach (int row in new[] { 0, 1, rows / 2, rows - 1 })
        {
            matrix.ReadBlocks(row, codes, scales, minimums);
            matrix.Read(row, 0, numbers);

            Assert.True(codes.Max() is > 8 and < 16);
            Assert.Equal(numbers, codes.Select((code, column) => (scales[column / matrix.BlockSize] * code) + minimums[column / matrix.BlockSize]));
        }
    }

    [SharedDataFact]
    public void Read_FromTheMiddleOfABlock_GivesThePieceOfTheRow()
    {
        using GgufFile file = GgufFile.Open(SharedData.Path("models/tiny-gguf/qwen2-mixed.gguf"));
        foreach (GgufTensor tensor in file.Tensors.Values)
        {
            GgufMatrix matrix = GgufMatrix.Of(file, tensor);
            float[] row = new float[matrix.Columns];
            float[] piece = new float[77];

            matrix.Read(matrix.Rows - 1, 0, row);
            matrix.Read(matrix.Rows - 1, 41, piece);

            Assert.Equal(row[41..118], piece);
        }
    }

    public void Dispose()
    {
        _gguf.Dispose();
        _model.Dispose();
    }

    // The order that GGUF has of a head's outputs: 0, 8, 1, 9 ... for 16 of them.
    private static byte[] AsPairs(TinyTensor tensor)
    {
        int rowBytes = tensor.Bytes.Length / (int)tensor.Shape[0];
        byte[][] rows = [.. tensor.Bytes.Chunk(rowBytes)];
        return [.. rows.Chunk(HeadSize).SelectMany(head => Enumerable.Range(0, HeadSize).SelectMany(i => head[((i % 2) * (HeadSize / 2)) + (i / 2)]))];
    }

    private static float[] Numbers(PreparedModel model) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(model.Directory, "model.onnx.data"))).ToArray();

    private void AddBias(string published, string name, int length, bool isRotated)
    {
        float[] values = [.. Enumerable.Range(0, length).Select(i => i + 0.25f)];
        TinyTensor bias = new($"model.layers.0.self_attn.{published}.bias", "F32", [length], MemoryMarshal.AsBytes<float>(values).ToArray());
        _model.Tensors.Add(bias);
        _gguf.Tensors.Add(new GgufTestTensor($"blk.0.{name}.bias", [(ulong)length], 0, isRotated ? AsPairs(bias) : bias.Bytes));
    }
}
