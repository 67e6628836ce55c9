using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary>Arithmetic, and <c>+</c> and <c>*</c> on texts and lists.</summary>
internal sealed class ArithmeticExpression(string operation, Expression left, Expression right) : Expression(left, right)
{
    protected override TemplateValue Compute(Frame frame) =>
        Arithmetic.Apply(operation, left.Evaluate(frame), right.Evaluate(frame), frame.Budget);
}

internal sealed class SignExpression(string sign, Expression operand) : Expression(operand)
{
    protected override TemplateValue Compute(Frame frame) => Arithmetic.Sign(sign, operand.Evaluate(frame));
}

/// <summary><c>a ~ b ~ c</c>: the texts of the parts, one after the other.</summary>
internal sealed class ConcatExpression(IReadOnlyList<Expression> parts) : Expression([.. parts])
{
    protected override TemplateValue Compute(Frame frame)
    {
        TrackedTextBuilder text = new();
        foreach (Expression part in parts)
        {
            TrackedText next = Printing.Print(part.Evaluate(frame), frame.Budget);
            frame.Budget.Charge(next.Length);
            text.Append(next);
        }

        return new TextValue(text.Build());
    }
}

internal sealed class NotExpression(Expression operand) : Expression(operand)
{
    protected override TemplateValue Compute(Frame frame) => BooleanValue.Of(!operand.Evaluate(frame).IsTrue);
}

/// <summary><c>and</c> and <c>or</c> give the operand that decided.</summary>
internal sealed class LogicExpression(bool isAnd, Expression left, Expression right) : Expression(left, right)
{
    protected override TemplateValue Compute(Frame frame)
    {
        TemplateValue first = left.Evaluate(frame);
        return first.IsTrue == isAnd ? right.Evaluate(frame) : first;
    }
}

/// <summary><c>a &lt; b &lt;= c</c>: true when each neighbouring pair compares so.</summary>
internal sealed class CompareExpression(Expression first, IReadOnlyList<(string Operation, Expression Operand)> rest)
    : Expression([first, .. rest.Select(item => item.Operand)])
{
    protected override TemplateValue Compute(Frame frame)
    {
        TemplateValue left = first.Evaluate(frame);
        foreach ((string operation, Expression operand) in rest)
        {
            TemplateValue right = operand.Evaluate(frame);
            if (!Comparison.Holds(operation, left, right, frame.Budget))
            {
                return BooleanValue.False;
            }

            left = right;
        }

        return BooleanValue.True;
    }
}
