using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The functions that every template can call.</summary>
internal static class Functions
{
    /// <summary>The limit of Jinja's own sandbox.</summary>
    private const int MaxRange = 100_000;

    public static void AddTo(Scope scope, RenderState state)
    {
        Add(scope, "range", arguments => Range(arguments.AtMost(3), state.Budget));
        Add(scope, "namespace", MakeNamespace);
        Add(scope, "dict", MakeMap);
        Add(scope, "raise_exception", arguments => throw new TemplateException(arguments.AtMost(1, "message").GetText(0, "message").Text));
        Add(scope, "strftime_now", arguments =>
            TextValue.FromUser(Clock.Format(state.Time.GetLocalNow(), arguments.AtMost(1, "format").GetText(0, "format").Text, state.Budget)));
    }

    private static void Add(Scope scope, string name, Func<CallArguments, TemplateValue> body) => scope.Set(name, new CallableValue(name, body));

    private static ListValue Range(CallArguments arguments, RenderBudget budget)
    {
        int first = arguments.GetInt(0, "start", 0);
        (int start, int end) = arguments.Positional.Count == 1 ? (0, first) : (first, arguments.GetInt(1, "stop", 0));
        int step = arguments.GetInt(2, "step", 1);
        if (step == 0 || arguments.Positional.Count == 0)
        {
            throw new TemplateException("range: 1 to 3 numbers are expected, the step not zero");
        }

        long count = Math.Max(0, ((long)end - start + step - Math.Sign(step)) / step);
        if (count > MaxRange)
        {
            throw new TemplateException($"range: at most {MaxRange} numbers are made");
        }

        budget.Step(count);
        return new ListValue([.. Enumerable.Range(0, (int)count).Select(index => new IntegerValue(start + ((long)index * step)))]);
    }

    private static NamespaceValue MakeNamespace(CallArguments arguments)
    {
        NamespaceValue space = new();
        if (arguments.AtMost(1, [.. arguments.Named.Keys]).Positional is [MapValue map])
        {
            foreach (MapEntry entry in map.Entries.Values)
            {
                space.Attributes[entry.Key.Text] = entry.Value;
            }
        }

        foreach ((string name, TemplateValue value) in arguments.Named)
        {
            space.Attributes[name] = value;
        }

        return space;
    }

    private static MapValue MakeMap(CallArguments arguments)
    {
        OrderedDictionary<string, MapEntry> entries = [];
        foreach ((string name, TemplateValue value) in arguments.AtMost(0, [.. arguments.Named.Keys]).Named)
        {
            entries[name] = new MapEntry(TextValue.FromUser(name), value);
        }

        return new MapValue(entries);
    }
}
