using System.Text;
using System.Text.RegularExpressions;
using DeepSeekOrleans.Language.Tokenization.Splitting;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

/// <summary>The hand-written splitters against .NET's regular expressions with the very patterns, on characters of the basic plane.</summary>
public sealed class SplitterTests
{
    private const string Alphabet = "abZßé你かカ中\u0301\u0E33\u200D\u0001 \u00A0\u3000\t\n\r'sSlLtTrReEvVmMdD\u017F019٣Ⅷ½.,!?<>|=_$€“”·#";

    [Fact]
    public void FirstPiece_Gpt2_CutsAsThePattern() => AssertCutsAs(new Gpt2Splitter(), Gpt2Splitter.Pattern);

    [Fact]
    public void FirstPiece_Qwen_CutsAsThePattern() => AssertCutsAs(new TiktokenSplitter(1), LongSAsS(TiktokenSplitter.SingleDigitPattern));

    [Fact]
    public void FirstPiece_Llama3_CutsAsThePattern() => AssertCutsAs(new TiktokenSplitter(3), LongSAsS(TiktokenSplitter.ThreeDigitsPattern));

    [Fact]
    public void FirstPiece_DeepSeekNumbers_CutsAsThePattern() => AssertCutsAs(new DigitSplitter(3), DigitSplitter.ThreeDigitsPattern);

    [Fact]
    public void FirstPiece_SmolLmDigits_CutsAsThePattern() => AssertCutsAs(new DigitSplitter(1), @"\p{N}");

    [Fact]
    public void FirstPiece_DeepSeekCjk_CutsAsThePattern() => AssertCutsAs(new CjkSplitter(), CjkSplitter.Pattern);

    [Fact]
    public void FirstPiece_DeepSeekWords_CutsAsThePattern() => AssertCutsAs(new DeepSeekSplitter(), DeepSeekSplitter.Pattern);

    // .NET does not fold the long s to s without regard to case, the engine behind the reference does
    private static string LongSAsS(string pattern) => pattern.Replace("(?i:'s|", "(?i:'[s\u017F]|", StringComparison.Ordinal);

    private static void AssertCutsAs(IWordSplitter splitter, string pattern)
    {
        Regex regex = new(pattern, RegexOptions.CultureInvariant);
        for (int seed = 0; seed < 4000; seed++)
        {
            string text = MakeText(seed);
            Assert.Equal(Expected(regex, text), Actual(splitter, text));
        }
    }

    private static string MakeText(int seed)
    {
        Random random = new(seed);
        StringBuilder text = new();
        for (int i = random.Next(1, 14); i > 0; i--)
        {
            text.Append(Alphabet[random.Next(Alphabet.Length)], random.Next(5) == 0 ? random.Next(2, 6) : 1);
        }

        return text.ToString();
    }

    // matches are pieces, and so is what lies between them
    private static List<string> Expected(Regex regex, string text)
    {
        List<string> pieces = [];
        int done = 0;
        foreach (Match match in regex.Matches(text))
        {
            pieces.AddRange(match.Index > done ? [text[done..match.Index], match.Value] : [match.Value]);
            done = match.Index + match.Length;
        }

        pieces.AddRange(done < text.Length ? [text[done..]] : []);
        return pieces;
    }

    private static List<string> Actual(IWordSplitter splitter, string text)
    {
        List<string> pieces = [];
        for (int at = 0; at < text.Length;)
        {
            int length = splitter.FirstPiece(text.AsSpan(at));
            pieces.Add(text.Substring(at, length));
            at += length;
        }

        return pieces;
    }
}
