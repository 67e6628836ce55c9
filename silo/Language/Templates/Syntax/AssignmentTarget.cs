using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary>What <c>set</c> and <c>for</c> assign to: a name, several names, or an attribute of a namespace.</summary>
internal sealed record AssignmentTarget(IReadOnlyList<string> Names, string? Attribute)
{
    public void Assign(TemplateValue value, Frame frame)
    {
        if (Attribute is not null)
        {
            NamespaceValue target = frame.Scope.Find(Names[0]) as NamespaceValue
                ?? throw new TemplateException($"'{Names[0]}' is no namespace: its attributes cannot be set");
            target.Attributes[Attribute] = value;
        }
        else if (Names.Count == 1)
        {
            frame.Scope.Set(Names[0], value);
        }
        else
        {
            Unpack(value, frame);
        }
    }

    private void Unpack(TemplateValue value, Frame frame)
    {
        IReadOnlyList<TemplateValue> items = Sequences.Items(value, frame.Budget);
        if (items.Count != Names.Count)
        {
            throw new TemplateException($"{items.Count} values cannot be assigned to {Names.Count} names");
        }

        for (int i = 0; i < items.Count; i++)
        {
            frame.Scope.Set(Names[i], items[i]);
        }
    }
}
