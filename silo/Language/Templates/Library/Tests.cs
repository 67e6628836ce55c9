using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary><c>value is name(arguments)</c></summary>
internal delegate bool Test(TemplateValue value, CallArguments arguments, RenderBudget budget);

/// <summary>The tests by name.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> ByName = new()
    {
        ["boolean"] = (value, _, _) => value is BooleanValue,
        ["callable"] = (value, _, _) => value is CallableValue,
        ["defined"] = (value, _, _) => value is not UndefinedValue,
        ["divisibleby"] = (value, arguments, budget) =>
            Arithmetic.Apply("%", value, arguments.Get(0, "num"), budget) is IntegerValue { Value: var rest } && rest == 0,
        ["even"] = (value, _, _) => Arithmetic.Whole(value) is Int128 number && Int128.IsEvenInteger(number),
        ["false"] = (value, _, _) => value is BooleanValue { Value: false },
        ["float"] = (value, _, _) => value is FloatValue,
        ["in"] = (value, arguments, budget) => Comparison.Contains(arguments.Get(0, "seq"), value, budget),
        ["integer"] = (value, _, _) => value is IntegerValue,
        ["iterable"] = (value, _, _) => value is ListValue or MapValue or TextValue or UndefinedValue,
        ["lower"] = (value, _, _) => value is TextValue text && text.Text.Any(char.IsLower) && !text.Text.Any(char.IsUpper),
        ["mapping"] = (value, _, _) => value is MapValue,
        ["none"] = (value, _, _) => value is NoneValue,
        ["number"] = (value, _, _) => value is IntegerValue or FloatValue or BooleanValue,
        ["odd"] = (value, _, _) => Arithmetic.Whole(value) is Int128 number && Int128.IsOddInteger(number),
        ["sequence"] = (value, _, _) => value is ListValue or MapValue or TextValue or UndefinedValue,
        ["string"] = (value, _, _) => value is TextValue,
        ["true"] = (value, _, _) => value is BooleanValue { Value: true },
        ["undefined"] = (value, _, _) => value is UndefinedValue,
        ["upper"] = (value, _, _) => value is TextValue text && text.Text.Any(char.IsUpper) && !text.Text.Any(char.IsLower),
    };

    private static readonly Dictionary<string, string> Comparisons = new()
    {
        ["eq"] = "==",
        ["equalto"] = "==",
        ["sameas"] = "==",
        ["ne"] = "!=",
        ["lt"] = "<",
        ["lessthan"] = "<",
        ["le"] = "<=",
        ["gt"] = ">",
        ["greaterthan"] = ">",
        ["ge"] = ">=",
    };

    /// <summary>The test of that name; null when there is none.</summary>
    public static Test? Find(string name) => Comparisons.TryGetValue(name, out string? operation)
        ? (value, arguments, budget) => Comparison.Holds(operation, value, arguments.Get(0, "other"), budget)
        : ByName.GetValueOrDefault(name);
}
