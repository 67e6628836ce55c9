using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The methods of a text.</summary>
internal static class TextMethods
{
    private delegate TemplateValue Method(TextValue text, CallArguments arguments, RenderBudget budget);

    private static readonly Dictionary<string, Method> Methods = new()
    {
        ["strip"] = (text, arguments, budget) => Strip(text, arguments, budget, left: true, right: true),
        ["lstrip"] = (text, arguments, budget) => Strip(text, arguments, budget, left: true, right: false),
        ["rstrip"] = (text, arguments, budget) => Strip(text, arguments, budget, left: false, right: true),
        ["upper"] = (text, _, budget) => Same(text, TextOperations.Upper, budget),
        ["lower"] = (text, _, budget) => Same(text, TextOperations.Lower, budget),
        ["title"] = (text, _, budget) => Same(text, TextOperations.Title, budget),
        ["capitalize"] = (text, _, budget) => Same(text, TextOperations.Capitalize, budget),
        ["split"] = Split,
        ["rsplit"] = SplitFromEnd,
        ["splitlines"] = (text, arguments, budget) =>
            Texts(TextOperations.Lines(text.Tracked, arguments.AtMost(1, "keepends").GetFlag(0, "keepends", false), budget)),
        ["join"] = (text, arguments, budget) => Join(text, arguments.AtMost(1).Get(0, "iterable"), budget),
        ["replace"] = (text, arguments, budget) => new TextValue(TextOperations.Replace(
            text.Tracked, arguments.AtMost(3, "count").GetText(0, "old").Text, arguments.GetText(1, "new").Tracked, arguments.GetInt(2, "count", -1), budget)),
        ["startswith"] = (text, arguments, budget) => AnyAffix(text, arguments, budget, (whole, part) => whole.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (text, arguments, budget) => AnyAffix(text, arguments, budget, (whole, part) => whole.EndsWith(part, StringComparison.Ordinal)),
        ["removeprefix"] = (text, arguments, _) => RemovePrefix(text, arguments.AtMost(1).GetText(0, "prefix").Text),
        ["removesuffix"] = (text, arguments, _) => RemoveSuffix(text, arguments.AtMost(1).GetText(0, "suffix").Text),
        ["find"] = (text, arguments, budget) => Find(text, arguments, budget, last: false),
        ["rfind"] = (text, arguments, budget) => Find(text, arguments, budget, last: true),
        ["count"] = Count,
        ["isdigit"] = (text, _, budget) => All(text, char.IsDigit, budget),
        ["isalpha"] = (text, _, budget) => All(text, char.IsLetter, budget),
        ["isalnum"] = (text, _, budget) => All(text, char.IsLetterOrDigit, budget),
        ["isspace"] = (text, _, budget) => All(text, TextOperations.IsSpace, budget),
    };

    public static CallableValue? Find(TextValue text, string name, RenderBudget budget) =>
        Methods.TryGetValue(name, out Method? method) ? new CallableValue(name, arguments => method(text, arguments, budget)) : null;

    public static ListValue Texts(IEnumerable<TrackedText> texts) => new([.. texts.Select(text => new TextValue(text))]);

    public static TextValue Join(TextValue separator, TemplateValue items, RenderBudget budget) => new(TextOperations.Join(
        Sequences.Items(items, budget).Select(item => (item as TextValue ?? throw new TemplateException("join: all items must be strings")).Tracked),
        separator.Tracked,
        budget));

    private static TextValue Strip(TextValue text, CallArguments arguments, RenderBudget budget, bool left, bool right)
    {
        budget.Charge(text.Text.Length);
        return new TextValue(TextOperations.Strip(text.Tracked, arguments.AtMost(1).FindText(0, "chars")?.Text, left, right));
    }

    private static TextValue Same(TextValue text, Func<TrackedText, TrackedText> change, RenderBudget budget)
    {
        budget.Charge(text.Text.Length);
        return new TextValue(change(text.Tracked));
    }

    private static ListValue Split(TextValue text, CallArguments arguments, RenderBudget budget)
    {
        int limit = arguments.AtMost(2, "sep", "maxsplit").GetInt(1, "maxsplit", -1);
        return Texts(arguments.FindText(0, "sep") is TextValue separator
            ? TextOperations.Split(text.Tracked, separator.Text, limit, budget)
            : TextOperations.Words(text.Tracked, limit, budget));
    }

    private static ListValue SplitFromEnd(TextValue text, CallArguments arguments, RenderBudget budget)
    {
        int limit = arguments.AtMost(2, "sep", "maxsplit").GetInt(1, "maxsplit", -1);
        return Texts(TextOperations.SplitFromEnd(text.Tracked, arguments.GetText(0, "sep").Text, limit, budget));
    }

    private static BooleanValue AnyAffix(TextValue text, CallArguments arguments, RenderBudget budget, Func<string, string, bool> has)
    {
        TemplateValue affix = arguments.AtMost(1).Get(0, "affix");
        return affix switch
        {
            TextValue single => BooleanValue.Of(has(text.Text, single.Text)),
            ListValue { IsTuple: true } => BooleanValue.Of(Sequences.Items(affix, budget).OfType<TextValue>().Any(item => has(text.Text, item.Text))),
            _ => throw new TemplateException($"{arguments.Callee}: a string is expected"),
        };
    }

    private static TextValue RemovePrefix(TextValue text, string prefix) =>
        text.Text.StartsWith(prefix, StringComparison.Ordinal)
            ? new TextValue(text.Tracked.Slice(prefix.Length, text.Text.Length - prefix.Length))
            : text;

    private static TextValue RemoveSuffix(TextValue text, string suffix) =>
        text.Text.EndsWith(suffix, StringComparison.Ordinal) ? new TextValue(text.Tracked.Slice(0, text.Text.Length - suffix.Length)) : text;

    private static IntegerValue Find(TextValue text, CallArguments arguments, RenderBudget budget, bool last)
    {
        budget.Charge(text.Text.Length);
        string part = arguments.AtMost(1).GetText(0, "sub").Text;
        int at = last ? text.Text.LastIndexOf(part, StringComparison.Ordinal) : text.Text.IndexOf(part, StringComparison.Ordinal);
        return new IntegerValue(at <= 0 ? at : CodePoints.Count(text.Text[..at]));
    }

    private static IntegerValue Count(TextValue text, CallArguments arguments, RenderBudget budget)
    {
        budget.Charge(text.Text.Length);
        string part = arguments.AtMost(1).GetText(0, "sub").Text;
        return new IntegerValue(part.Length == 0 ? CodePoints.Count(text.Text) + 1 : text.Text.AsSpan().Count(part));
    }

    private static BooleanValue All(TextValue text, Func<char, bool> holds, RenderBudget budget)
    {
        budget.Charge(text.Text.Length);
        return BooleanValue.Of(text.Text.Length > 0 && text.Text.All(holds));
    }
}
