namespace DeepSeekOrleans.Language.Templates.Values;

/// <summary>The <c>loop</c> of a for statement.</summary>
internal sealed class LoopValue(IReadOnlyList<TemplateValue> items, int index) : TemplateValue
{
    public override string TypeName => "LoopContext";

    /// <summary>An attribute of the loop; null when it has none of that name.</summary>
    public TemplateValue? Find(string name) => name switch
    {
        "index" => new IntegerValue(index + 1),
        "index0" => new IntegerValue(index),
        "revindex" => new IntegerValue(items.Count - index),
        "revindex0" => new IntegerValue(items.Count - index - 1),
        "first" => BooleanValue.Of(index == 0),
        "last" => BooleanValue.Of(index == items.Count - 1),
        "length" => new IntegerValue(items.Count),
        "previtem" => index > 0 ? items[index - 1] : new UndefinedValue("loop.previtem"),
        "nextitem" => index + 1 < items.Count ? items[index + 1] : new UndefinedValue("loop.nextitem"),
        "cycle" => new CallableValue("loop.cycle", Cycle),
        _ => null,
    };

    private TemplateValue Cycle(CallArguments arguments) => arguments.Positional.Count > 0
        ? arguments.Positional[index % arguments.Positional.Count]
        : throw new TemplateException("loop.cycle: no values to cycle through");
}
