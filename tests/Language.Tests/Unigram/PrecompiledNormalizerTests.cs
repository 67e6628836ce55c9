using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Unigram;

namespace DeepSeekOrleans.Language.Tests.Unigram;

public sealed class PrecompiledNormalizerTests
{
    // node numbers of a trie that is laid out by hand; children lie at (base ^ byte)
    private const uint RootBase = 0x100;

    [Theory]
    [InlineData("A", "a")]
    [InlineData("xAy", "xay")]
    [InlineData("ﬁx", "fix")]
    [InlineData("ﬂ", "ﬂ")]
    [InlineData("", "")]
    [InlineData("B", "")]
    [InlineData("A\u0301", "a")]
    [InlineData("A\u0301\u0301\u0301", "a\u0301\u0301\u0301")]
    [InlineData("\uD83D", "\uD83D")]
    public void Apply_ByTheTable_RewritesWholeCharactersFirst(string text, string expected) =>
        Assert.Equal(expected, new PrecompiledNormalizer(Read(Table())).Apply(TrackedText.FromUser(text)).Text);

    [Fact]
    public void Apply_PartlyTrustedText_KeepsWhatIsTrusted()
    {
        TrackedText text = new("xﬁA", [new TextSpan(1, 1)]);

        TrackedText rewritten = new PrecompiledNormalizer(Read(Table())).Apply(text);

        Assert.Equal("xfia", rewritten.Text);
        Assert.Equal([new TextSpan(1, 2)], rewritten.Trusted);
    }

    [Fact]
    public void Read_TableWithAnyUnitDamaged_NeverLeavesIt()
    {
        byte[] table = Table();
        Random random = new(3);
        for (int i = 0; i < 2000; i++)
        {
            byte[] damaged = [.. table];
            random.NextBytes(damaged.AsSpan(4 + (4 * random.Next(0x200)), 4));

            Assert.NotNull(new PrecompiledNormalizer(Read(damaged)).Apply(TrackedText.FromUser("Aﬁ B\uFFFF")).Text);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("/////w==")]
    [InlineData("not base 64")]
    public void Read_DamagedTable_NamesTheKey(string table)
    {
        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => CharacterMap.Read(Node(table)));

        Assert.Contains("charsmap", refused.Message, StringComparison.Ordinal);
    }

    private static CharacterMap Read(byte[] table) => CharacterMap.Read(Node(Convert.ToBase64String(table)));

    private static JsonNode Node(string table) => new("tokenizer.json", "charsmap", JsonSerializer.SerializeToElement(table));

    // the keys A -> a, B -> nothing, U+FB01 (EF AC 81) -> fi
    private static byte[] Table()
    {
        uint[] units = new uint[0x600];
        units[0] = Unit(0, RootBase, hasValue: false);
        Put(units, RootBase, (byte)'A', next: 0x200, value: 0);
        Put(units, RootBase, (byte)'B', next: 0x202, value: 2);
        uint first = Put(units, RootBase, 0xEF, next: 0x300, value: null);
        uint second = Put(units, first, 0xAC, next: 0x400, value: null);
        Put(units, second, 0x81, next: 0x500, value: 3);
        byte[] pool = Encoding.UTF8.GetBytes("a\0\0fi\0");
        byte[] table = new byte[4 + (4 * units.Length)];
        BinaryPrimitives.WriteUInt32LittleEndian(table, (uint)(4 * units.Length));
        for (int i = 0; i < units.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(4 + (4 * i)), units[i]);
        }

        return [.. table, .. pool];
    }

    /// <returns>The base of the child's children.</returns>
    private static uint Put(uint[] units, uint parentBase, byte label, uint next, uint? value)
    {
        uint node = parentBase ^ label;
        units[node] = Unit(label, node ^ next, value is not null);
        if (value is uint number)
        {
            units[next] = number | 0x8000_0000;
        }

        return next;
    }

    // bits: 0-7 label, 8 has a value, 9 the offset is in steps of 256, 10 and up the offset
    private static uint Unit(uint label, uint offset, bool hasValue) => label | (hasValue ? 0x100u : 0) | (offset << 10);
}
