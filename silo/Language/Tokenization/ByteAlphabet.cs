using System.Text;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>
/// The alphabet of byte-level vocabularies (from GPT-2): each byte is one printable character, so that any byte sequence can be
/// written in JSON. Printable Latin-1 characters stand for themselves; the other 68 bytes follow from U+0100 in order.
/// </summary>
internal static class ByteAlphabet
{
    private const int FirstSubstitute = 0x100;
    private static readonly char[] CharacterOfByte = Build();
    private static readonly short[] ByteOfCharacter = Invert(CharacterOfByte);

    public static char CharacterOf(byte value) => CharacterOfByte[value];

    /// <summary>The bytes that a token's UTF-8 text stands for; false when a character lies outside the alphabet.</summary>
    public static bool TryGetBytes(ReadOnlySpan<byte> token, Span<byte> bytes, out int written)
    {
        written = 0;
        while (!token.IsEmpty)
        {
            Rune.DecodeFromUtf8(token, out Rune rune, out int consumed);
            if (rune.Value >= ByteOfCharacter.Length || ByteOfCharacter[rune.Value] < 0)
            {
                return false;
            }

            bytes[written++] = (byte)ByteOfCharacter[rune.Value];
            token = token[consumed..];
        }

        return true;
    }

    private static char[] Build()
    {
        char[] characters = new char[256];
        int substitute = FirstSubstitute;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = printable ? (char)value : (char)substitute++;
        }

        return characters;
    }

    private static short[] Invert(char[] characters)
    {
        short[] bytes = new short[characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[characters[value]] = (short)value;
        }

        return bytes;
    }
}
