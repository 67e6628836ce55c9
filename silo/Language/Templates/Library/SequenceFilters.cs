using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The filters that work on lists, mappings and the characters of a text.</summary>
internal static class SequenceFilters
{
    private static readonly Dictionary<string, Filter> ByName = new()
    {
        ["count"] = (value, _, _) => new IntegerValue(Sequences.Length(value)),
        ["dictsort"] = (value, _, budget) => SortMap(value, budget),
        ["first"] = (value, _, budget) => Sequences.Items(value, budget) is [TemplateValue first, ..] ? first : new UndefinedValue("first"),
        ["items"] = (value, arguments, budget) => Pairs(value, arguments, budget),
        ["join"] = Join,
        ["last"] = (value, _, budget) => Sequences.Items(value, budget) is [.., TemplateValue last] ? last : new UndefinedValue("last"),
        ["length"] = (value, _, _) => new IntegerValue(Sequences.Length(value)),
        ["list"] = (value, _, budget) => new ListValue(Sequences.Items(value, budget)),
        ["map"] = Map,
        ["max"] = (value, _, budget) => Extreme(value, 1, budget),
        ["min"] = (value, _, budget) => Extreme(value, -1, budget),
        ["reject"] = (value, arguments, budget) => Select(value, arguments, budget, keep: false, byAttribute: false),
        ["rejectattr"] = (value, arguments, budget) => Select(value, arguments, budget, keep: false, byAttribute: true),
        ["reverse"] = (value, _, budget) => Reverse(value, budget),
        ["select"] = (value, arguments, budget) => Select(value, arguments, budget, keep: true, byAttribute: false),
        ["selectattr"] = (value, arguments, budget) => Select(value, arguments, budget, keep: true, byAttribute: true),
        ["sort"] = Sort,
        ["sum"] = (value, _, budget) => Sequences.Items(value, budget)
            .Aggregate((TemplateValue)new IntegerValue(0), (sum, item) => Arithmetic.Apply("+", sum, item, budget)),
        ["unique"] = (value, _, budget) => Unique(value, budget),
    };

    public static Filter? Find(string name) => ByName.GetValueOrDefault(name);

    private static ListValue Pairs(TemplateValue value, CallArguments arguments, RenderBudget budget) => value switch
    {
        MapValue map => MapMethods.Items(map, arguments, budget),
        UndefinedValue => new ListValue([]),
        _ => throw new TemplateException($"items: a {value.TypeName} is no mapping"),
    };

    private static ListValue SortMap(TemplateValue value, RenderBudget budget)
    {
        MapValue map = value as MapValue ?? throw new TemplateException($"dictsort: a {value.TypeName} is no mapping");
        budget.Step(map.Entries.Count);
        return new ListValue([.. map.Entries.Values
            .OrderBy(entry => entry.Key.Text.ToLowerInvariant(), StringComparer.Ordinal)
            .Select(entry => new ListValue([entry.Key, entry.Value], isTuple: true))]);
    }

    private static TextValue Join(TemplateValue value, CallArguments arguments, RenderBudget budget)
    {
        arguments.AtMost(2, "d", "attribute");
        TrackedText separator = arguments.FindText(0, "d")?.Tracked ?? TrackedText.Empty;
        IEnumerable<TemplateValue> items = Sequences.Items(value, budget);
        if (arguments.FindText(1, "attribute") is TextValue attribute)
        {
            items = items.Select(item => Member(item, attribute.Text));
        }

        return new TextValue(TextOperations.Join(items.Select(item => Printing.Print(item, budget)), separator, budget));
    }

    private static ListValue Map(TemplateValue value, CallArguments arguments, RenderBudget budget)
    {
        IReadOnlyList<TemplateValue> items = Sequences.Items(value, budget);
        budget.Step(items.Count);
        if (arguments.Named.GetValueOrDefault("attribute") is TextValue attribute)
        {
            TemplateValue? absent = arguments.Named.GetValueOrDefault("default");
            return new ListValue([.. items.Select(item => Member(item, attribute.Text) is { } member and not UndefinedValue
                ? member
                : absent ?? new UndefinedValue(attribute.Text))]);
        }

        string name = arguments.GetText(0, "filter").Text;
        Filter filter = Filters.Find(name) ?? throw new TemplateException($"there is no filter '{name}'");
        CallArguments rest = new(name, [.. arguments.Positional.Skip(1)], arguments.Named);
        return new ListValue([.. items.Select(item => Nested(() => filter(item, rest, budget), budget))]);
    }

    private static ListValue Select(TemplateValue value, CallArguments arguments, RenderBudget budget, bool keep, bool byAttribute)
    {
        int testAt = byAttribute ? 1 : 0;
        string? attribute = byAttribute ? arguments.GetText(0, "attribute").Text : null;
        string? name = arguments.FindText(testAt, "test")?.Text;
        Test? test = name is null ? null : Tests.Find(name) ?? throw new TemplateException($"there is no test '{name}'");
        CallArguments rest = new(name ?? "select", [.. arguments.Positional.Skip(testAt + 1)], arguments.Named);
        IReadOnlyList<TemplateValue> items = Sequences.Items(value, budget);
        budget.Step(items.Count);
        return new ListValue([.. items.Where(item =>
        {
            TemplateValue tested = attribute is null ? item : Member(item, attribute);
            return (test?.Invoke(tested, rest, budget) ?? tested.IsTrue) == keep;
        })]);
    }

    // a filter that applies a filter that applies a filter: counted like any other nesting
    private static TemplateValue Nested(Func<TemplateValue> apply, RenderBudget budget)
    {
        budget.Enter();
        TemplateValue value = apply();
        budget.Leave();
        return value;
    }

    /// <summary>An item of a mapping by a dotted path.</summary>
    private static TemplateValue Member(TemplateValue item, string path)
    {
        foreach (string name in path.Split('.'))
        {
            item = item switch
            {
                MapValue map when map.Entries.TryGetValue(name, out MapEntry entry) => entry.Value,
                NamespaceValue space when space.Attributes.TryGetValue(name, out TemplateValue? value) => value,
                _ => new UndefinedValue(name),
            };
        }

        return item;
    }

    private static TemplateValue Reverse(TemplateValue value, RenderBudget budget)
    {
        IReadOnlyList<TemplateValue> items = [.. Sequences.Items(value, budget).Reverse()];
        return value is TextValue ? TextMethods.Join(TextValue.FromUser(""), new ListValue(items), budget) : new ListValue(items);
    }

    private static ListValue Sort(TemplateValue value, CallArguments arguments, RenderBudget budget)
    {
        arguments.AtMost(3, "reverse", "case_sensitive", "attribute");
        string? attribute = arguments.FindText(2, "attribute")?.Text;
        bool exact = arguments.GetFlag(1, "case_sensitive", false);
        IReadOnlyList<TemplateValue> items = Sequences.Items(value, budget);
        budget.Step(items.Count * 16L);
        Comparer<TemplateValue> order = Comparer<TemplateValue>.Create(Comparison.Order);
        return new ListValue([.. arguments.GetFlag(0, "reverse", false) ? items.OrderByDescending(Key, order) : items.OrderBy(Key, order)]);

        TemplateValue Key(TemplateValue item)
        {
            TemplateValue key = attribute is null ? item : Member(item, attribute);
            return key is TextValue text && !exact ? new TextValue(TextOperations.Lower(text.Tracked)) : key;
        }
    }

    private static TemplateValue Extreme(TemplateValue value, int sign, RenderBudget budget)
    {
        IReadOnlyList<TemplateValue> items = Sequences.Items(value, budget);
        budget.Step(items.Count);
        return items.Count == 0
            ? new UndefinedValue("the extreme of nothing")
            : items.Aggregate((best, item) => Comparison.Order(item, best) * sign > 0 ? item : best);
    }

    private static ListValue Unique(TemplateValue value, RenderBudget budget)
    {
        List<TemplateValue> kept = [];
        foreach (TemplateValue item in Sequences.Items(value, budget))
        {
            budget.Step(kept.Count);
            if (!kept.Exists(other => Comparison.AreEqual(other, item, budget)))
            {
                kept.Add(item);
            }
        }

        return new ListValue(kept);
    }
}
