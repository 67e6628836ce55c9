using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary>A part of a template that does something.</summary>
internal abstract class Statement
{
    public Flow Execute(Frame frame)
    {
        frame.Budget.Enter();
        Flow flow = Run(frame);
        frame.Budget.Leave();
        return flow;
    }

    protected abstract Flow Run(Frame frame);
}

/// <summary>Statements one after the other.</summary>
internal sealed class Block(IReadOnlyList<Statement> statements) : Statement
{
    protected override Flow Run(Frame frame)
    {
        foreach (Statement statement in statements)
        {
            Flow flow = statement.Execute(frame);
            if (flow != Flow.Normal)
            {
                return flow;
            }
        }

        return Flow.Normal;
    }
}

/// <summary>Text outside of tags: the template's own.</summary>
internal sealed class DataStatement(string text) : Statement
{
    private readonly TrackedText _text = TrackedText.FromModel(text);

    protected override Flow Run(Frame frame)
    {
        frame.Write(_text);
        return Flow.Normal;
    }
}

/// <summary><c>{{ value }}</c></summary>
internal sealed class OutputStatement(Expression value) : Statement
{
    protected override Flow Run(Frame frame)
    {
        frame.Write(Printing.Print(value.Evaluate(frame), frame.Budget));
        return Flow.Normal;
    }
}

/// <summary><c>{% if %}</c> with its elif and else branches; an else branch has no condition.</summary>
internal sealed class IfStatement(IReadOnlyList<(Expression? Condition, Block Body)> branches) : Statement
{
    protected override Flow Run(Frame frame)
    {
        foreach ((Expression? condition, Block body) in branches)
        {
            if (condition is null || condition.Evaluate(frame).IsTrue)
            {
                return body.Execute(frame);
            }
        }

        return Flow.Normal;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c></summary>
internal sealed class JumpStatement(Flow flow) : Statement
{
    protected override Flow Run(Frame frame) => flow;
}

/// <summary><c>{% set target = value %}</c></summary>
internal sealed class SetStatement(AssignmentTarget target, Expression value) : Statement
{
    protected override Flow Run(Frame frame)
    {
        target.Assign(value.Evaluate(frame), frame);
        return Flow.Normal;
    }
}

/// <summary><c>{% set target %}text{% endset %}</c></summary>
internal sealed class SetBlockStatement(AssignmentTarget target, Block body) : Statement
{
    protected override Flow Run(Frame frame)
    {
        Frame inner = frame.Inner() with { Output = new TrackedTextBuilder() };
        body.Execute(inner);
        target.Assign(new TextValue(inner.Output.Build()), frame);
        return Flow.Normal;
    }
}

/// <summary><c>{% with %}</c> and <c>{% generation %}</c>: a body whose assignments stay inside.</summary>
internal sealed class ScopeStatement(IReadOnlyList<(AssignmentTarget Target, Expression Value)> assignments, Block body) : Statement
{
    protected override Flow Run(Frame frame)
    {
        Frame inner = frame.Inner();
        foreach ((AssignmentTarget target, Expression value) in assignments)
        {
            target.Assign(value.Evaluate(frame), inner);
        }

        return body.Execute(inner);
    }
}
