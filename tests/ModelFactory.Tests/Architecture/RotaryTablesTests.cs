using System.Text.Json;
using DeepSeekOrleans.ModelFactory.Architecture;

namespace DeepSeekOrleans.ModelFactory.Tests.Architecture;

public sealed class RotaryTablesTests
{
    private const int HeadSize = 128;

    [Fact]
    public void Parse_AttentionFactorOfR1Distill8B_UndoesTheFactorOfYarn()
    {
        RotarySettings settings = Parse(
            """{"rope_theta": 1000000, "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768, "attn_factor": 0.8782488562869419}}""");

        Assert.Equal(1, settings.Magnitude, 1e-12);
    }

    [Theory]
    [InlineData("", 1.1386294361)]
    [InlineData(", \"attn_factor\": 2", 2.2772588722)]
    [InlineData(", \"attention_factor\": 1.5", 1.5)]
    public void Parse_Yarn_TakesItsMagnitudeFromTheFactorUnlessItIsGiven(string keys, double expected)
    {
        RotarySettings settings = Parse($$$"""{"rope_scaling": {"type": "yarn", "factor": 4{{{keys}}}}}""");

        Assert.Equal(expected, settings.Magnitude, 1e-9);
    }

    [Fact]
    public void Fill_AnyPosition_HasTheMagnitudeInEachPair()
    {
        RotaryTables tables = new(Parse("""{"rope_scaling": {"type": "yarn", "factor": 4}}"""), HeadSize, HeadSize);
        float[] cosine = new float[tables.FrequencyCount];
        float[] sine = new float[tables.FrequencyCount];

        tables.Fill(1234, cosine, sine);

        Assert.All(cosine.Zip(sine), pair => Assert.Equal(1.1386294, Math.Sqrt((pair.First * pair.First) + (pair.Second * pair.Second)), 1e-5));
    }

    [Fact]
    public void Fill_Yarn_KeepsShortWavesAndStretchesLongOnes()
    {
        RotaryTables plain = new(Parse("{}"), HeadSize, HeadSize);
        RotaryTables yarn = new(
            Parse("""{"rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 4096, "attention_factor": 1}}"""), HeadSize, HeadSize);

        Assert.Equal(Angle(plain, 0), Angle(yarn, 0), 1e-6);
        Assert.Equal(Angle(plain, (HeadSize / 2) - 1), 4 * Angle(yarn, (HeadSize / 2) - 1), 1e-6);
    }

    private static double Angle(RotaryTables tables, int frequency)
    {
        float[] cosine = new float[tables.FrequencyCount];
        float[] sine = new float[tables.FrequencyCount];
        tables.Fill(1, cosine, sine);
        return Math.Atan2(sine[frequency], cosine[frequency]);
    }

    private static RotarySettings Parse(string config)
    {
        using JsonDocument document = JsonDocument.Parse(config);
        return RotarySettings.Parse(new ConfigReader("config.json", document.RootElement), contextLength: 4096);
    }
}
