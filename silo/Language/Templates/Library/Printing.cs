using System.Globalization;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>Values as text, spelled as Python does: <c>str()</c> on the outside, <c>repr()</c> inside of lists and mappings.</summary>
internal static class Printing
{
    public static TrackedText Print(TemplateValue value, RenderBudget budget)
    {
        if (value is TextValue text)
        {
            return text.Tracked;
        }

        TrackedTextBuilder builder = new();
        Write(value, builder, budget);
        return builder.Build();
    }

    /// <summary>The shortest digits that give the same number back, in Python's layout: 1.0, 0.5, 1e+16, 1e-05.</summary>
    public static string PrintFloat(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        string scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        int exponent = int.Parse(scientific.AsSpan(scientific.IndexOf('E') + 1), CultureInfo.InvariantCulture);
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (value != 0 && exponent is < -4 or >= 16)
        {
            string digits = value.ToString("0.################E+00", CultureInfo.InvariantCulture);
            return Spelled(shortest, digits).Replace('E', 'e');
        }

        if (shortest.Contains('E'))
        {
            shortest = ((decimal)value).ToString(CultureInfo.InvariantCulture);
        }

        return shortest.Contains('.') ? shortest : shortest + ".0";
    }

    // "R" gives the shortest digits but its own exponent layout; the other string has Python's layout
    private static string Spelled(string shortest, string layout)
    {
        int mark = shortest.IndexOf('E');
        return mark < 0 ? layout : shortest[..mark] + layout[layout.IndexOf('E')..];
    }

    private static void Write(TemplateValue value, TrackedTextBuilder builder, RenderBudget budget)
    {
        budget.Enter();
        switch (value)
        {
            case ListValue list:
                WriteList(list, builder, budget);
                break;
            case MapValue map:
                WriteMap(map, builder, budget);
                break;
            case TextValue text:
                WriteQuoted(text.Tracked, builder, budget);
                break;
            default:
                builder.AppendUntrusted(Simple(value));
                break;
        }

        budget.Leave();
    }

    private static string Simple(TemplateValue value) => value switch
    {
        UndefinedValue => "",
        NoneValue => "None",
        BooleanValue flag => flag.Value ? "True" : "False",
        IntegerValue number => number.Value.ToString(CultureInfo.InvariantCulture),
        FloatValue number => PrintFloat(number.Value),
        _ => $"<{value.TypeName}>",
    };

    private static void WriteList(ListValue list, TrackedTextBuilder builder, RenderBudget budget)
    {
        builder.AppendUntrusted(list.IsTuple ? "(" : "[");
        for (int i = 0; i < list.Items.Count; i++)
        {
            builder.AppendUntrusted(i > 0 ? ", " : "");
            Write(list.Items[i], builder, budget);
        }

        builder.AppendUntrusted(list.IsTuple ? (list.Items.Count == 1 ? ",)" : ")") : "]");
    }

    private static void WriteMap(MapValue map, TrackedTextBuilder builder, RenderBudget budget)
    {
        builder.AppendUntrusted("{");
        bool first = true;
        foreach (MapEntry entry in map.Entries.Values)
        {
            builder.AppendUntrusted(first ? "" : ", ");
            Write(entry.Key, builder, budget);
            builder.AppendUntrusted(": ");
            Write(entry.Value, builder, budget);
            first = false;
        }

        builder.AppendUntrusted("}");
    }

    private static void WriteQuoted(TrackedText text, TrackedTextBuilder builder, RenderBudget budget)
    {
        budget.Charge(text.Length + 2);
        char quote = text.Text.Contains('\'') && !text.Text.Contains('"') ? '"' : '\'';
        builder.AppendUntrusted([quote]);
        Escaping.Append(text, builder, unit => unit switch
        {
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ when unit == quote => "\\" + quote,
            < ' ' or '\x7f' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)unit:x2}"),
            _ => null,
        });
        builder.AppendUntrusted([quote]);
    }
}
