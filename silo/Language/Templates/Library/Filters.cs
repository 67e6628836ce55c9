using System.Globalization;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary><c>value | name(arguments)</c></summary>
internal delegate TemplateValue Filter(TemplateValue value, CallArguments arguments, RenderBudget budget);

/// <summary>The filters by name. Those of sequences are in <see cref="SequenceFilters"/>.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Filter> Simple = new()
    {
        ["abs"] = (value, _, _) => Abs(value),
        ["capitalize"] = (value, _, budget) => Change(value, TextOperations.Capitalize, budget),
        ["default"] = (value, arguments, _) => Default(value, arguments),
        ["d"] = (value, arguments, _) => Default(value, arguments),
        ["float"] = (value, arguments, _) => ToFloat(value, arguments),
        ["indent"] = Indent,
        ["int"] = (value, arguments, _) => ToInt(value, arguments),
        ["lower"] = (value, _, budget) => Change(value, TextOperations.Lower, budget),
        ["replace"] = Replace,
        ["round"] = (value, arguments, _) => Round(value, arguments),
        ["safe"] = (value, _, budget) => new TextValue(Printing.Print(value, budget)),
        ["string"] = (value, _, budget) => new TextValue(Printing.Print(value, budget)),
        ["title"] = (value, _, budget) => Change(value, TextOperations.Title, budget),
        ["tojson"] = JsonText.Write,
        ["trim"] = (value, arguments, budget) =>
            Change(value, text => TextOperations.Strip(text, arguments.AtMost(1, "chars").FindText(0, "chars")?.Text, left: true, right: true), budget),
        ["upper"] = (value, _, budget) => Change(value, TextOperations.Upper, budget),
    };

    /// <summary>The filter of that name; null when there is none.</summary>
    public static Filter? Find(string name) => Simple.GetValueOrDefault(name) ?? SequenceFilters.Find(name);

    private static TextValue Change(TemplateValue value, Func<TrackedText, TrackedText> change, RenderBudget budget)
    {
        TrackedText text = Printing.Print(value, budget);
        budget.Charge(text.Length);
        return new TextValue(change(text));
    }

    private static TemplateValue Default(TemplateValue value, CallArguments arguments)
    {
        arguments.AtMost(2, "default_value", "boolean");
        bool absent = value is UndefinedValue || (arguments.GetFlag(1, "boolean", false) && !value.IsTrue);
        return absent ? arguments.Find(0, "default_value") ?? TextValue.FromUser("") : value;
    }

    private static TemplateValue Abs(TemplateValue value) => value switch
    {
        FloatValue number => new FloatValue(Math.Abs(number.Value)),
        _ when Arithmetic.Whole(value) is Int128 number => new IntegerValue(Int128.Abs(number)),
        _ => throw new TemplateException($"abs: a {value.TypeName} is no number"),
    };

    private static FloatValue ToFloat(TemplateValue value, CallArguments arguments)
    {
        double? number = value is TextValue text
            ? double.TryParse(text.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) ? parsed : null
            : Arithmetic.Number(value);
        return new FloatValue(number ?? Arithmetic.Number(arguments.Find(0, "default") ?? new FloatValue(0)) ?? 0);
    }

    private static IntegerValue ToInt(TemplateValue value, CallArguments arguments)
    {
        Int128? number = value switch
        {
            TextValue text when Int128.TryParse(text.Text.Trim(), CultureInfo.InvariantCulture, out Int128 parsed) => parsed,
            FloatValue { Value: > -1e30 and < 1e30 } real => (Int128)real.Value,
            _ => Arithmetic.Whole(value),
        };
        return new IntegerValue(number ?? Arithmetic.Whole(arguments.Find(0, "default") ?? new IntegerValue(0)) ?? 0);
    }

    private static FloatValue Round(TemplateValue value, CallArguments arguments)
    {
        double number = Arithmetic.Number(value) ?? throw new TemplateException($"round: a {value.TypeName} is no number");
        int digits = Math.Clamp(arguments.GetInt(0, "precision", 0), 0, 15);
        return new FloatValue((arguments.FindText(1, "method")?.Text ?? "common") switch
        {
            "common" => Math.Round(number, digits, MidpointRounding.ToEven),
            "floor" => Math.Floor(number * Math.Pow(10, digits)) / Math.Pow(10, digits),
            "ceil" => Math.Ceiling(number * Math.Pow(10, digits)) / Math.Pow(10, digits),
            _ => throw new TemplateException("round: 'method' must be common, floor or ceil"),
        });
    }

    private static TextValue Replace(TemplateValue value, CallArguments arguments, RenderBudget budget)
    {
        TrackedText old = Printing.Print(arguments.AtMost(3, "count").Get(0, "old"), budget);
        TrackedText replacement = Printing.Print(arguments.Get(1, "new"), budget);
        int limit = arguments.Find(2, "count") is NoneValue ? -1 : arguments.GetInt(2, "count", -1);
        return new TextValue(TextOperations.Replace(Printing.Print(value, budget), old.Text, replacement, limit, budget));
    }

    private static TextValue Indent(TemplateValue value, CallArguments arguments, RenderBudget budget)
    {
        const int MaxWidth = 100;
        arguments.AtMost(3, "width", "first", "blank");
        TrackedText indent = arguments.Find(0, "width") is TextValue given
            ? given.Tracked
            : TrackedText.FromModel(new string(' ', Math.Clamp(arguments.GetInt(0, "width", 4), 0, MaxWidth)));
        bool blank = arguments.GetFlag(2, "blank", false);
        TrackedText text = Printing.Print(value, budget);
        TrackedTextBuilder indented = new();
        bool indents = arguments.GetFlag(1, "first", false);
        foreach (TrackedText line in TextOperations.Split(text, "\n", -1, budget))
        {
            budget.Charge(line.Length + indent.Length + 1);
            indented.AppendUntrusted(indented.Length > 0 || indents != arguments.GetFlag(1, "first", false) ? "\n" : "");
            if (indents && (blank || line.Length > 0))
            {
                indented.Append(indent);
            }

            indented.Append(line);
            indents = true;
        }

        return new TextValue(indented.Build());
    }
}
