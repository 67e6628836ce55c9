using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary><c>value[key]</c> and <c>value[from:to:step]</c>.</summary>
internal static class Subscripts
{
    public static TemplateValue Get(TemplateValue target, TemplateValue key, Frame frame) => (target, key) switch
    {
        (UndefinedValue undefined, _) => throw new TemplateException($"'{undefined.Name}' is undefined"),
        (MapValue map, TextValue name) when map.Entries.TryGetValue(name.Text, out MapEntry entry) => entry.Value,
        (_, TextValue name) => Attributes.Get(target, name.Text, frame),
        (ListValue list, IntegerValue index) => At(list.Items.Count, index.Value) is int at and >= 0 ? list.Items[at] : Missing(key),
        (TextValue text, IntegerValue index) => Character(text, index.Value, frame.Budget),
        _ => new UndefinedValue("the item"),
    };

    public static TemplateValue Slice(TemplateValue target, int? from, int? to, int? step, RenderBudget budget)
    {
        int by = step ?? 1;
        if (by == 0)
        {
            throw new TemplateException("a slice's step is zero");
        }

        int count = target is UndefinedValue undefined
            ? throw new TemplateException($"'{undefined.Name}' is undefined")
            : Sequences.Length(target);
        int start = Bound(from, count, by, by > 0 ? 0 : count - 1);
        int end = Bound(to, count, by, by > 0 ? count : -1);
        return target switch
        {
            TextValue text when by == 1 => Cut(text, start, end, budget),
            TextValue text => new TextValue(TextOperations.Join(
                Pick(Sequences.Items(text, budget), start, end, by, budget).Cast<TextValue>().Select(item => item.Tracked), TrackedText.Empty, budget)),
            ListValue list => new ListValue(Pick(list.Items, start, end, by, budget), list.IsTuple),
            _ => throw new TemplateException($"a {target.TypeName} cannot be sliced"),
        };
    }

    private static TextValue Cut(TextValue text, int start, int end, RenderBudget budget)
    {
        budget.Charge(text.Text.Length);
        return new TextValue(CodePoints.Slice(text.Tracked, start, end));
    }

    private static TemplateValue Character(TextValue text, Int128 index, RenderBudget budget)
    {
        budget.Charge(text.Text.Length);
        int at = At(CodePoints.Count(text.Text), index);
        return at >= 0 ? new TextValue(CodePoints.Slice(text.Tracked, at, at + 1)) : new UndefinedValue("the character");
    }

    private static UndefinedValue Missing(TemplateValue key) => new(key is IntegerValue index ? $"item {index.Value}" : "the item");

    private static int At(int count, Int128 index)
    {
        Int128 at = index < 0 ? index + count : index;
        return at >= 0 && at < count ? (int)at : -1;
    }

    private static int Bound(int? bound, int count, int step, int absent)
    {
        if (bound is not int value)
        {
            return absent;
        }

        long at = value < 0 ? (long)value + count : value;
        return (int)(step > 0 ? Math.Clamp(at, 0, count) : Math.Clamp(at, -1, count - 1));
    }

    private static List<TemplateValue> Pick(IReadOnlyList<TemplateValue> items, int start, int end, int step, RenderBudget budget)
    {
        List<TemplateValue> picked = [];
        for (long at = start; step > 0 ? at < end : at > end; at += step)
        {
            budget.Step();
            picked.Add(items[(int)at]);
        }

        return picked;
    }
}
