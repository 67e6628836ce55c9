using System.Globalization;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The layout of <c>tojson</c>.</summary>
/// <param name="Indent">What each level is indented by; null for one line.</param>
/// <param name="AsciiOnly">Other characters are written as \u escapes.</param>
internal sealed record JsonLayout(string? Indent, string ItemSeparator, string KeySeparator, bool SortKeys, bool AsciiOnly)
{
    private const int MaxIndent = 16;

    /// <summary>From the filter's arguments, which are those of Python's json.dumps.</summary>
    public static JsonLayout Read(CallArguments arguments)
    {
        arguments.AtMost(4, "ensure_ascii", "indent", "separators", "sort_keys");
        // the Hugging Face libraries give the filter their own parameter order: ensure_ascii, indent, separators, sort_keys;
        // a number in the first place is an indent as in plain Jinja
        TemplateValue? indent = arguments.Find(1, "indent") ?? (arguments.Find(0, "ensure_ascii") as IntegerValue);
        string? level = indent switch
        {
            null or NoneValue => null,
            IntegerValue { Value: var width } when width >= 0 && width <= MaxIndent => new string(' ', (int)width),
            TextValue { Text.Length: <= MaxIndent } text => text.Text,
            _ => throw new TemplateException($"tojson: 'indent' must be 0 to {MaxIndent}"),
        };
        (string item, string key) = arguments.Find(2, "separators") switch
        {
            null or NoneValue => (level is null ? ", " : ",", ": "),
            ListValue { Items: [TextValue first, TextValue second] } => (first.Text, second.Text),
            _ => throw new TemplateException("tojson: 'separators' must be two strings"),
        };
        return new JsonLayout(level, item, key, arguments.GetFlag(3, "sort_keys", false), IsTrue(arguments.Find(0, "ensure_ascii")));
    }

    private static bool IsTrue(TemplateValue? value) => value is BooleanValue { Value: true };
}

/// <summary>Values as JSON, letter for letter as Python's json.dumps with ensure_ascii=False writes them.</summary>
internal sealed class JsonText(JsonLayout layout, RenderBudget budget)
{
    private readonly TrackedTextBuilder _text = new();

    public static TextValue Write(TemplateValue value, CallArguments arguments, RenderBudget budget)
    {
        JsonText json = new(JsonLayout.Read(arguments), budget);
        json.WriteValue(value, 0);
        return new TextValue(json._text.Build());
    }

    private void WriteValue(TemplateValue value, int level)
    {
        budget.Enter();
        switch (value)
        {
            case MapValue map:
                WriteMap(map, level);
                break;
            case ListValue list:
                WriteItems('[', ']', list.Items, level, item => WriteValue(item, level + 1));
                break;
            case TextValue text:
                WriteText(text.Tracked);
                break;
            default:
                _text.AppendUntrusted(Simple(value));
                break;
        }

        budget.Leave();
    }

    private static string Simple(TemplateValue value) => value switch
    {
        NoneValue => "null",
        BooleanValue flag => flag.Value ? "true" : "false",
        IntegerValue number => number.Value.ToString(CultureInfo.InvariantCulture),
        FloatValue { Value: double.PositiveInfinity } => "Infinity",
        FloatValue { Value: double.NegativeInfinity } => "-Infinity",
        FloatValue { Value: double.NaN } => "NaN",
        FloatValue number => Printing.PrintFloat(number.Value),
        _ => throw new TemplateException($"tojson: a {value.TypeName} has no JSON"),
    };

    private void WriteMap(MapValue map, int level)
    {
        IEnumerable<MapEntry> entries = layout.SortKeys
            ? map.Entries.Values.OrderBy(entry => entry.Key.Text, StringComparer.Ordinal)
            : map.Entries.Values;
        WriteItems('{', '}', [.. entries], level, entry =>
        {
            WriteText(entry.Key.Tracked);
            _text.AppendUntrusted(layout.KeySeparator);
            WriteValue(entry.Value, level + 1);
        });
    }

    private void WriteItems<T>(char open, char close, IReadOnlyList<T> items, int level, Action<T> write)
    {
        _text.AppendUntrusted([open]);
        for (int i = 0; i < items.Count; i++)
        {
            _text.AppendUntrusted(i > 0 ? layout.ItemSeparator : "");
            WriteLineEnd(level + 1);
            write(items[i]);
        }

        if (items.Count > 0)
        {
            WriteLineEnd(level);
        }

        _text.AppendUntrusted([close]);
    }

    private void WriteLineEnd(int level)
    {
        if (layout.Indent is string indent)
        {
            budget.Charge(1 + (indent.Length * level));
            _text.AppendUntrusted("\n");
            for (int i = 0; i < level; i++)
            {
                _text.AppendUntrusted(indent);
            }
        }
    }

    private void WriteText(TrackedText text)
    {
        budget.Charge(text.Length + 2);
        _text.AppendUntrusted("\"");
        Escaping.Append(text, _text, Escape);
        _text.AppendUntrusted("\"");
    }

    private string? Escape(char unit) => unit switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => CodeEscape(unit),
        > '\x7f' when layout.AsciiOnly => CodeEscape(unit),
        _ => null,
    };

    private static string CodeEscape(char unit) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
}
