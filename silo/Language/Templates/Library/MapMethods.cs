using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The methods of a mapping that do not change it.</summary>
internal static class MapMethods
{
    public static CallableValue? Find(MapValue map, string name, RenderBudget budget) => name switch
    {
        "items" => new CallableValue(name, arguments => Items(map, arguments.AtMost(0), budget)),
        "keys" => new CallableValue(name, arguments => Keys(map, arguments.AtMost(0), budget)),
        "values" => new CallableValue(name, arguments => Values(map, arguments.AtMost(0), budget)),
        "get" => new CallableValue(name, arguments => Get(map, arguments.AtMost(2))),
        _ => null,
    };

    /// <summary>Pairs of key and value.</summary>
    public static ListValue Items(MapValue map, CallArguments _, RenderBudget budget)
    {
        budget.Step(map.Entries.Count);
        return new ListValue([.. map.Entries.Values.Select(entry => new ListValue([entry.Key, entry.Value], isTuple: true))]);
    }

    private static ListValue Keys(MapValue map, CallArguments _, RenderBudget budget) => new(Sequences.Items(map, budget));

    private static ListValue Values(MapValue map, CallArguments _, RenderBudget budget)
    {
        budget.Step(map.Entries.Count);
        return new ListValue([.. map.Entries.Values.Select(entry => entry.Value)]);
    }

    private static TemplateValue Get(MapValue map, CallArguments arguments) =>
        arguments.Get(0, "key") is TextValue key && map.Entries.TryGetValue(key.Text, out MapEntry entry)
            ? entry.Value
            : arguments.Find(1, "default") ?? NoneValue.Instance;
}
