using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>Values that can be gone through.</summary>
internal static class Sequences
{
    /// <summary>The items of a list, the keys of a mapping, the characters of a text.</summary>
    public static IReadOnlyList<TemplateValue> Items(TemplateValue value, RenderBudget budget)
    {
        switch (value)
        {
            case ListValue list:
                return list.Items;
            case MapValue map:
                budget.Step(map.Entries.Count);
                return [.. map.Entries.Values.Select(entry => entry.Key)];
            case TextValue text:
                budget.Step(text.Text.Length);
                return [.. CodePoints.Each(text.Tracked).Select(character => new TextValue(character))];
            case UndefinedValue:
                return [];
            default:
                throw new TemplateException($"a {value.TypeName} cannot be gone through");
        }
    }

    public static int Length(TemplateValue value) => value switch
    {
        ListValue list => list.Items.Count,
        MapValue map => map.Entries.Count,
        TextValue text => CodePoints.Count(text.Text),
        UndefinedValue => 0,
        _ => throw new TemplateException($"a {value.TypeName} has no length"),
    };
}
