using System.Runtime.CompilerServices;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Evaluation;

/// <summary>Counts what a rendering uses and ends it when that is too much.</summary>
internal sealed class RenderBudget(TemplateLimits limits, InputSize input)
{
    private long _steps = Math.Min(limits.MaxSteps, limits.Steps + (limits.StepsPerInputValue * input.Values));
    private long _characters = limits.Characters + (limits.CharactersPerInputCharacter * input.Characters);
    private int _depth;

    public void Step(long count = 1)
    {
        _steps -= count;
        if (_steps < 0)
        {
            throw new TemplateException("the template takes too many steps");
        }
    }

    /// <summary>Pays for a string before it is made.</summary>
    public void Charge(long characters)
    {
        _characters -= characters;
        if (_characters < 0)
        {
            throw new TemplateException("the template makes too much text");
        }
    }

    public void Enter()
    {
        Step();
        if (++_depth > limits.Depth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateException("the template is nested too deeply");
        }
    }

    /// <summary>Undoes <see cref="Enter"/>. Not needed on the way out of an exception: it ends the rendering.</summary>
    public void Leave() => _depth--;

    public void CheckOutput(int characters)
    {
        if (characters > limits.OutputCharacters)
        {
            throw new TemplateException($"the prompt has more than {limits.OutputCharacters} characters");
        }
    }
}
