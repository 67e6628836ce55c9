using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary>The arguments of a call as they are written.</summary>
internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentList Empty { get; } = new([], []);

    public IEnumerable<Expression> All => [.. Positional, .. Named.Select(item => item.Value)];

    public CallArguments Evaluate(string callee, Frame frame)
    {
        Dictionary<string, TemplateValue> named = [];
        TemplateValue[] positional = [.. Positional.Select(item => item.Evaluate(frame))];
        foreach ((string name, Expression value) in Named)
        {
            named[name] = value.Evaluate(frame);
        }

        return new CallArguments(callee, positional, named);
    }
}

internal sealed class CallExpression(Expression target, ArgumentList arguments) : Expression([target, .. arguments.All])
{
    protected override TemplateValue Compute(Frame frame) => target.Evaluate(frame) switch
    {
        CallableValue callable => callable.Call(arguments.Evaluate(callable.Name, frame)),
        UndefinedValue undefined => throw new TemplateException($"'{undefined.Name}' is undefined and cannot be called"),
        TemplateValue other => throw new TemplateException($"a {other.TypeName} cannot be called"),
    };
}

/// <summary><c>value | filter(arguments)</c></summary>
internal sealed class FilterExpression(Expression value, string name, Filter filter, ArgumentList arguments) : Expression([value, .. arguments.All])
{
    protected override TemplateValue Compute(Frame frame) => filter(value.Evaluate(frame), arguments.Evaluate(name, frame), frame.Budget);
}

/// <summary><c>value is test(arguments)</c></summary>
internal sealed class TestExpression(Expression value, string name, Test test, ArgumentList arguments) : Expression([value, .. arguments.All])
{
    protected override TemplateValue Compute(Frame frame) =>
        BooleanValue.Of(test(value.Evaluate(frame), arguments.Evaluate(name, frame), frame.Budget));
}
