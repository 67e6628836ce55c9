using System.Text;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Tokenization.Normalization;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

public sealed class NfcNormalizerTests
{
    private static readonly NfcNormalizer Nfc = new();

    // cases of Unicode Standard Annex 15
    [Theory]
    [InlineData("e\u0301", "é")]
    [InlineData("\u212B", "Å")]
    [InlineData("\u2126x", "Ωx")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")]
    [InlineData("s\u0307\u0323", "\u1E69")]
    [InlineData("s\u0323\u0307", "\u1E69")]
    [InlineData("\u1112\u1161\u11AB", "한")]
    [InlineData("\uD558\u11AB", "한")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\uFB1F", "\u05F2\u05B7")]
    [InlineData("a\u0315\u0300\u05AE\u0300b", "\u00E0\u05AE\u0300\u0315b")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\u0301abc", "\u0301abc")]
    [InlineData("plain text, 你好 👩‍👧", "plain text, 你好 👩‍👧")]
    public void Apply_KnownCase_GivesNormalForm(string text, string expected) =>
        Assert.Equal(expected, Nfc.Apply(TrackedText.FromUser(text)).Text);

    [Fact]
    public void Apply_MarksAroundTrustedSpan_KeepsWhatIsWhollyTrusted()
    {
        TrackedTextBuilder text = new();
        text.Append("e\u0301<x>", trusted: true);
        text.AppendUntrusted("e\u0301");

        TrackedText normal = Nfc.Apply(text.Build());

        Assert.Equal("é<x>é", normal.Text);
        Assert.Equal([new TextSpan(0, 4)], normal.Trusted);
    }

    [Fact]
    public void Apply_AlreadyNormal_IsStableUnderRepetition()
    {
        Random random = new(3);
        for (int i = 0; i < 2000; i++)
        {
            StringBuilder text = new();
            for (int k = random.Next(1, 10); k > 0; k--)
            {
                text.Append(new Rune(random.Next(4) switch { 0 => random.Next(0x20, 0x250), 1 => random.Next(0x300, 0x370), 2 => random.Next(0x900, 0x1200), _ => random.Next(0xAC00, 0xD000) }).ToString());
            }

            string once = Nfc.Apply(TrackedText.FromUser(text.ToString())).Text;

            Assert.Equal(once, Nfc.Apply(TrackedText.FromUser(once)).Text);
        }
    }
}
