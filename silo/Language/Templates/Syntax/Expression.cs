using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary>A part of a template that has a value.</summary>
internal abstract class Expression
{
    protected Expression(params ReadOnlySpan<Expression?> parts)
    {
        foreach (Expression? part in parts)
        {
            Depth = Math.Max(Depth, part is null ? 0 : part.Depth + 1);
        }
    }

    /// <summary>How many levels stand below: the parser bounds it, so that evaluation cannot run out of stack.</summary>
    public int Depth { get; }

    public TemplateValue Evaluate(Frame frame)
    {
        frame.Budget.Enter();
        TemplateValue value = Compute(frame);
        frame.Budget.Leave();
        return value;
    }

    protected abstract TemplateValue Compute(Frame frame);
}
