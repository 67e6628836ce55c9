using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary><c>{% for target in values if condition %} ... {% else %} ... {% endfor %}</c></summary>
internal sealed class ForStatement(AssignmentTarget target, Expression values, Expression? condition, Block body, Block? otherwise) : Statement
{
    protected override Flow Run(Frame frame)
    {
        IReadOnlyList<TemplateValue> items = Select(Sequences.Items(values.Evaluate(frame), frame.Budget), frame);
        if (items.Count == 0)
        {
            return otherwise?.Execute(frame) ?? Flow.Normal;
        }

        for (int index = 0; index < items.Count; index++)
        {
            frame.Budget.Step();
            Frame turn = frame.Inner();
            target.Assign(items[index], turn);
            turn.Scope.Set("loop", new LoopValue(items, index));
            if (body.Execute(turn) == Flow.Break)
            {
                break;
            }
        }

        return Flow.Normal;
    }

    private IReadOnlyList<TemplateValue> Select(IReadOnlyList<TemplateValue> items, Frame frame)
    {
        if (condition is null)
        {
            return items;
        }

        List<TemplateValue> selected = [];
        foreach (TemplateValue item in items)
        {
            Frame turn = frame.Inner();
            target.Assign(item, turn);
            if (condition.Evaluate(turn).IsTrue)
            {
                selected.Add(item);
            }
        }

        return selected;
    }
}
