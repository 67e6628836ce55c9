namespace DeepSeekOrleans.Language.Templates.Values;

/// <summary>The arguments of a call, a filter or a test.</summary>
internal sealed class CallArguments(string callee, IReadOnlyList<TemplateValue> positional, IReadOnlyDictionary<string, TemplateValue> named)
{
    public string Callee => callee;

    public IReadOnlyList<TemplateValue> Positional => positional;

    public IReadOnlyDictionary<string, TemplateValue> Named => named;

    /// <summary>Refuses arguments that the callee does not have.</summary>
    public CallArguments AtMost(int count, params ReadOnlySpan<string> names)
    {
        if (positional.Count > count)
        {
            throw new TemplateException($"{callee}: at most {count} arguments are expected");
        }

        foreach (string name in named.Keys)
        {
            if (!names.Contains(name))
            {
                throw new TemplateException($"{callee}: there is no argument '{name}'");
            }
        }

        return this;
    }

    public TemplateValue? Find(int index, string name) =>
        index < positional.Count ? positional[index] : named.GetValueOrDefault(name);

    public TemplateValue Get(int index, string name) => Find(index, name) ?? throw new TemplateException($"{callee}: '{name}' is missing");

    public TextValue GetText(int index, string name) => Get(index, name) as TextValue ?? throw Wrong(name, "a string");

    public TextValue? FindText(int index, string name) => Find(index, name) switch
    {
        null or NoneValue => null,
        TextValue text => text,
        _ => throw Wrong(name, "a string"),
    };

    public int GetInt(int index, string name, int absent) => Find(index, name) switch
    {
        null => absent,
        IntegerValue { Value: var value } when value >= int.MinValue && value <= int.MaxValue => (int)value,
        _ => throw Wrong(name, "a whole number"),
    };

    public bool GetFlag(int index, string name, bool absent) => Find(index, name)?.IsTrue ?? absent;

    private TemplateException Wrong(string name, string expected) => new($"{callee}: '{name}' must be {expected}");
}
