using System.Globalization;
using System.Text;
using DeepSeekOrleans.Language.Tokenization;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Tokenization;

[Collection(TimingCollection.Name)]
public sealed class LinearTimeTests
{
    private const int Megabyte = 1 << 20;

    // twice the text may take 2.3 times as long, so half of it twice 1.15 times less; here over three doublings
    private const double MostGrowth = 1.15 * 1.15 * 1.15;

    // A neighbour on the same machine can crowd the memory for seconds, which only the larger text feels: a text that was slow is
    // measured again when all others have had their turn. A tokenizer that is not linear is slow each time.
    private const int Turns = 4;

    [SharedDataFact]
    public void S08_Encode_OneMegabyteOfAnyText_IsLinearAndUnderOneSecond()
    {
        List<(string Tokenizer, string Kind)> left =
            [.. from name in (string[])["deepseek_v3", "qwen3", "stories260K"] from kind in HostileTexts.Kinds select (name, kind)];
        List<string> misses = [];
        for (int turn = 0; turn < Turns && left.Count > 0; turn++)
        {
            left = left.FindAll(text =>
            {
                string? miss = Miss(Load(text.Tokenizer), text.Kind);
                misses.AddRange(miss is null ? [] : [$"turn {turn}, {text.Tokenizer}, {miss}"]);
                return miss is not null;
            });
        }

        Assert.True(left.Count == 0, string.Join("\n", misses));
    }

    private static Tokenizer Load(string name) => name == "stories260K"
        ? new Tokenizer(TokenizerParts.Load(SharedData.Path("models/stories260K/onnx/tokenizer.json"), null))
        : OracleTokenizers.Load(name);

    // A megabyte at once against the same amount in eighths: both last equally long, so that other work on the machine disturbs both alike.
    // It makes a run slower, never faster: the fastest of up to eight rounds counts.
    private static string? Miss(Tokenizer tokenizer, string kind)
    {
        string eighth = HostileTexts.MakeBytes(kind, Megabyte / 8);
        string whole = HostileTexts.MakeBytes(kind, Megabyte);
        (TimeSpan eighthsTime, TimeSpan wholeTime) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (int round = 0; round < 8; round++)
        {
            eighthsTime = Shorter(eighthsTime, Time(tokenizer, eighth, times: 8));
            wholeTime = Shorter(wholeTime, Time(tokenizer, whole, times: 1));
            if (round > 0 && wholeTime / eighthsTime < MostGrowth && wholeTime <= TimeSpan.FromSeconds(1))
            {
                return null;
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{kind}: {eighthsTime.TotalMilliseconds:F1} ms for eight eighths, {wholeTime.TotalMilliseconds:F1} ms for 1 MB");
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;

    // the processor's time: waiting for a processor that other processes hold is not the tokenizer's
    private static TimeSpan Time(Tokenizer tokenizer, string text, int times)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        for (int time = 0; time < times; time++)
        {
            Assert.NotEmpty(tokenizer.Encode(text));
        }

        return Environment.CpuUsage.TotalTime - start;
    }
}
