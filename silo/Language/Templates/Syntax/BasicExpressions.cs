using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary>A literal. String literals are the template's own text and may spell control tokens.</summary>
internal sealed class Literal(TemplateValue value) : Expression
{
    protected override TemplateValue Compute(Frame frame) => value;
}

internal sealed class NameExpression(string name) : Expression
{
    public string Name => name;

    protected override TemplateValue Compute(Frame frame) => frame.Scope.Find(name) ?? new UndefinedValue(name);
}

internal sealed class ListExpression(IReadOnlyList<Expression> items, bool isTuple) : Expression([.. items])
{
    protected override TemplateValue Compute(Frame frame) => new ListValue([.. items.Select(item => item.Evaluate(frame))], isTuple);
}

internal sealed class MapExpression(IReadOnlyList<(Expression Key, Expression Value)> entries)
    : Expression([.. entries.Select(entry => entry.Key), .. entries.Select(entry => entry.Value)])
{
    protected override TemplateValue Compute(Frame frame)
    {
        OrderedDictionary<string, MapEntry> map = [];
        foreach ((Expression key, Expression value) in entries)
        {
            TextValue name = key.Evaluate(frame) as TextValue ?? throw new TemplateException("only strings may be keys of a mapping");
            map[name.Text] = new MapEntry(name, value.Evaluate(frame));
        }

        return new MapValue(map);
    }
}

/// <summary><c>a if condition else b</c></summary>
internal sealed class ConditionalExpression(Expression condition, Expression whenTrue, Expression? whenFalse)
    : Expression(condition, whenTrue, whenFalse)
{
    protected override TemplateValue Compute(Frame frame) =>
        condition.Evaluate(frame).IsTrue ? whenTrue.Evaluate(frame) : whenFalse?.Evaluate(frame) ?? new UndefinedValue("the missing else");
}

internal sealed class AttributeExpression(Expression target, string name) : Expression(target)
{
    protected override TemplateValue Compute(Frame frame) => Attributes.Get(target.Evaluate(frame), name, frame);
}

internal sealed class SubscriptExpression(Expression target, Expression key) : Expression(target, key)
{
    protected override TemplateValue Compute(Frame frame) => Subscripts.Get(target.Evaluate(frame), key.Evaluate(frame), frame);
}

/// <summary><c>target[from:to:step]</c></summary>
internal sealed class SliceExpression(Expression target, Expression? from, Expression? to, Expression? step) : Expression(target, from, to, step)
{
    protected override TemplateValue Compute(Frame frame) => Subscripts.Slice(
        target.Evaluate(frame), Bound(from, frame), Bound(to, frame), Bound(step, frame), frame.Budget);

    private static int? Bound(Expression? bound, Frame frame) => bound?.Evaluate(frame) switch
    {
        null or NoneValue => null,
        // a bound outside of int is outside of any list or text
        IntegerValue { Value: var value } => (int)Int128.Clamp(value, -int.MaxValue, int.MaxValue),
        TemplateValue other => throw new TemplateException($"a slice bound is a {other.TypeName}"),
    };
}
