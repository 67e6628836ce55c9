using System.Globalization;
using System.Text;
using DeepSeekOrleans.Language.Templates.Evaluation;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The date directives of C's strftime, in English.</summary>
internal static class Clock
{
    public static string Format(DateTimeOffset now, string format, RenderBudget budget)
    {
        budget.Charge(format.Length * 16L);
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            bool unpadded = format[i + 1] == '-' && i + 2 < format.Length;
            i += unpadded ? 2 : 1;
            string part = Directive(now, format[i]);
            text.Append(unpadded && part.Length > 1 ? part.TrimStart('0') is { Length: > 0 } rest ? rest : "0" : part);
        }

        return text.ToString();
    }

    private static string Directive(DateTimeOffset now, char directive) => directive switch
    {
        '%' => "%",
        'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'Z' => "",
        _ => now.ToString(Layout(directive), CultureInfo.InvariantCulture),
    };

    private static string Layout(char directive) => directive switch
    {
        'Y' => "yyyy",
        'y' => "yy",
        'm' => "MM",
        'd' => "dd",
        'e' => "%d",
        'H' => "HH",
        'I' => "hh",
        'M' => "mm",
        'S' => "ss",
        'f' => "ffffff",
        'p' => "tt",
        'a' => "ddd",
        'A' => "dddd",
        'b' => "MMM",
        'B' => "MMMM",
        'D' => "MM/dd/yy",
        'F' => "yyyy-MM-dd",
        'T' => "HH:mm:ss",
        _ => throw new TemplateException($"strftime_now: '%{directive}' is not supported"),
    };
}
