using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The comparison operators.</summary>
internal static class Comparison
{
    public static bool Holds(string operation, TemplateValue left, TemplateValue right, RenderBudget budget) => operation switch
    {
        "==" => AreEqual(left, right, budget),
        "!=" => !AreEqual(left, right, budget),
        "in" => Contains(right, left, budget),
        "not in" => !Contains(right, left, budget),
        "<" => Order(left, right) < 0,
        "<=" => Order(left, right) <= 0,
        ">" => Order(left, right) > 0,
        ">=" => Order(left, right) >= 0,
        _ => throw new TemplateException($"'{operation}' is not supported"),
    };

    public static bool AreEqual(TemplateValue left, TemplateValue right, RenderBudget budget)
    {
        budget.Enter();
        bool equal = (left, right) switch
        {
            (TextValue a, TextValue b) => a.Text == b.Text,
            (NoneValue, NoneValue) or (UndefinedValue, UndefinedValue) => true,
            (ListValue a, ListValue b) => AreEqual(a, b, budget),
            (MapValue a, MapValue b) => AreEqual(a, b, budget),
            _ when Arithmetic.Whole(left) is Int128 a && Arithmetic.Whole(right) is Int128 b => a == b,
            _ when Arithmetic.Number(left) is double a && Arithmetic.Number(right) is double b => a == b,
            _ => ReferenceEquals(left, right),
        };
        budget.Leave();
        return equal;
    }

    /// <summary>Negative, zero or positive; numbers with numbers, texts with texts.</summary>
    public static int Order(TemplateValue left, TemplateValue right) => (left, right) switch
    {
        (TextValue a, TextValue b) => string.CompareOrdinal(a.Text, b.Text),
        _ when Arithmetic.Whole(left) is Int128 a && Arithmetic.Whole(right) is Int128 b => a.CompareTo(b),
        _ when Arithmetic.Number(left) is double a && Arithmetic.Number(right) is double b => a.CompareTo(b),
        _ => throw new TemplateException($"a {left.TypeName} and a {right.TypeName} have no order"),
    };

    public static bool Contains(TemplateValue container, TemplateValue item, RenderBudget budget)
    {
        switch (container)
        {
            case TextValue text:
                budget.Charge(text.Text.Length);
                return item is TextValue part
                    ? text.Text.Contains(part.Text, StringComparison.Ordinal)
                    : throw new TemplateException($"a {item.TypeName} cannot be in a string");
            case MapValue map:
                return item is TextValue key && map.Entries.ContainsKey(key.Text);
            case ListValue or UndefinedValue:
                return Sequences.Items(container, budget).Any(candidate => AreEqual(candidate, item, budget));
            default:
                throw new TemplateException($"nothing can be in a {container.TypeName}");
        }
    }

    private static bool AreEqual(ListValue left, ListValue right, RenderBudget budget) =>
        left.IsTuple == right.IsTuple
        && left.Items.Count == right.Items.Count
        && left.Items.Zip(right.Items).All(pair => AreEqual(pair.First, pair.Second, budget));

    private static bool AreEqual(MapValue left, MapValue right, RenderBudget budget) =>
        left.Entries.Count == right.Entries.Count
        && left.Entries.Values.All(entry => right.Entries.TryGetValue(entry.Key.Text, out MapEntry other) && AreEqual(entry.Value, other.Value, budget));
}
