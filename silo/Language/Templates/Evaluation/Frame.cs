using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Evaluation;

/// <summary>The names that a part of a template sees. Assignments stay in the innermost one: a loop cannot change what is around it.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, TemplateValue> _names = [];

    public TemplateValue? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._names.TryGetValue(name, out TemplateValue? value))
            {
                return value;
            }
        }

        return null;
    }

    private Scope? Outer => outer;

    public void Set(string name, TemplateValue value) => _names[name] = value;
}

/// <summary>What is fixed for one rendering.</summary>
internal sealed record RenderState(RenderBudget Budget, TimeProvider Time);

/// <summary>Where a statement runs: its names, and where its text goes.</summary>
internal sealed record Frame(RenderState State, Scope Scope, TrackedTextBuilder Output)
{
    public RenderBudget Budget => State.Budget;

    public Frame Inner() => this with { Scope = new Scope(Scope) };

    /// <summary>Appends to the output.</summary>
    public void Write(TrackedText text)
    {
        Budget.Charge(text.Length);
        Output.Append(text);
        Budget.CheckOutput(Output.Length);
    }
}

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    Normal,
    Break,
    Continue,
}
