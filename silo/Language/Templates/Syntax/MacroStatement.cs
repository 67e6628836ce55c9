using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Syntax;

/// <summary><c>{% macro name(parameters) %} ... {% endmacro %}</c>: defines a function whose value is the text that it writes.</summary>
internal sealed class MacroStatement(string name, IReadOnlyList<(string Name, Expression? Default)> parameters, Block body) : Statement
{
    private readonly string[] _names = [.. parameters.Select(parameter => parameter.Name)];

    protected override Flow Run(Frame frame)
    {
        frame.Scope.Set(name, new CallableValue(name, arguments => Call(arguments, frame)));
        return Flow.Normal;
    }

    private TextValue Call(CallArguments arguments, Frame definition)
    {
        arguments.AtMost(_names.Length, _names);
        Frame frame = definition.Inner() with { Output = new TrackedTextBuilder() };
        for (int i = 0; i < parameters.Count; i++)
        {
            (string parameter, Expression? absent) = parameters[i];
            frame.Scope.Set(parameter, arguments.Find(i, parameter) ?? absent?.Evaluate(frame) ?? new UndefinedValue(parameter));
        }

        body.Execute(frame);
        return new TextValue(frame.Output.Build());
    }
}
