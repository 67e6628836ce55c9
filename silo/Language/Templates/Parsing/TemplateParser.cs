using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Syntax;

namespace DeepSeekOrleans.Language.Templates.Parsing;

/// <summary>Reads a template's statements. Whatever Jinja has and this lacks is refused here, before any request.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(List<Token> tokens, TemplateLimits limits)
    {
        _tokens = new TokenReader(tokens, limits.SourceDepth);
        _expressions = new ExpressionParser(_tokens);
    }

    /// <exception cref="TemplateSyntaxException">The source is no template, or uses what is not supported.</exception>
    public static Block Parse(string source, TemplateLimits limits)
    {
        if (source.Length > limits.SourceCharacters)
        {
            throw new TemplateSyntaxException(1, $"it has more than {limits.SourceCharacters} characters");
        }

        TemplateParser parser = new(TemplateLexer.Read(source, limits.SourceDepth), limits);
        Block root = parser.ParseBody();
        return parser._tokens.Current.Kind == TokenKind.End ? root : throw parser._tokens.Unexpected();
    }

    // up to the tag that ends the body, whose name is then current; or up to the end of the template
    private Block ParseBody(params string[] ends)
    {
        _tokens.Enter();
        List<Statement> statements = [];
        while (_tokens.Current.Kind != TokenKind.End)
        {
            Token token = _tokens.Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new DataStatement(token.Text));
                    break;
                case TokenKind.OutputBegin:
                    statements.Add(new OutputStatement(_expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.OutputEnd);
                    break;
                default:
                    if (ends.Contains(_tokens.Current.Text))
                    {
                        _tokens.Leave();
                        return new Block(statements);
                    }

                    statements.Add(ParseStatement());
                    break;
            }
        }

        _tokens.Leave();
        return ends.Length == 0 ? new Block(statements) : throw _tokens.Error($"'{ends[^1]}' is missing");
    }

    private Statement ParseStatement()
    {
        string name = _tokens.Expect(TokenKind.Name).Text;
        return name switch
        {
            "if" => ParseIf(),
            "for" => ParseFor(),
            "set" => ParseSet(),
            "macro" => ParseMacro(),
            "with" => ParseWith(),
            "generation" => ParseGeneration(),
            "break" => ParseJump(Flow.Break),
            "continue" => ParseJump(Flow.Continue),
            _ => throw _tokens.Error($"the tag '{name}' is not supported"),
        };
    }

    private IfStatement ParseIf()
    {
        List<(Expression?, Block)> branches = [];
        while (true)
        {
            Expression condition = _expressions.ParseTuple();
            EndTag();
            branches.Add((condition, ParseBody("elif", "else", "endif")));
            string end = _tokens.Take().Text;
            if (end == "else")
            {
                EndTag();
                branches.Add((null, ParseBody("endif")));
                _tokens.Take();
            }

            if (end != "elif")
            {
                EndTag();
                return new IfStatement(branches);
            }
        }
    }

    private ForStatement ParseFor()
    {
        AssignmentTarget target = ParseTarget(allowAttribute: false);
        if (!_tokens.TryTakeName("in"))
        {
            throw _tokens.Unexpected();
        }

        Expression values = _expressions.ParseTuple(allowConditional: false);
        Expression? condition = _tokens.TryTakeName("if") ? _expressions.Parse() : null;
        EndTag();
        _loops++;
        Block body = ParseBody("else", "endfor");
        _loops--;
        Block? otherwise = null;
        if (_tokens.Take().Text == "else")
        {
            EndTag();
            otherwise = ParseBody("endfor");
            _tokens.Take();
        }

        EndTag();
        return new ForStatement(target, values, condition, body, otherwise);
    }

    private Statement ParseSet()
    {
        AssignmentTarget target = ParseTarget(allowAttribute: true);
        if (_tokens.TryTakeOperator("="))
        {
            Expression value = _expressions.ParseTuple();
            EndTag();
            return new SetStatement(target, value);
        }

        EndTag();
        return new SetBlockStatement(target, ParseEnclosed("endset"));
    }

    private MacroStatement ParseMacro()
    {
        string name = _tokens.Expect(TokenKind.Name).Text;
        _tokens.ExpectOperator("(");
        List<(string, Expression?)> parameters = [];
        while (!_tokens.TryTakeOperator(")"))
        {
            string parameter = _tokens.Expect(TokenKind.Name).Text;
            parameters.Add((parameter, _tokens.TryTakeOperator("=") ? _expressions.Parse() : null));
            if (!_tokens.Current.IsOperator(")"))
            {
                _tokens.ExpectOperator(",");
            }
        }

        EndTag();
        return new MacroStatement(name, parameters, ParseEnclosed("endmacro"));
    }

    private ScopeStatement ParseWith()
    {
        List<(AssignmentTarget, Expression)> assignments = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            AssignmentTarget target = ParseTarget(allowAttribute: false);
            _tokens.ExpectOperator("=");
            assignments.Add((target, _expressions.Parse()));
            _tokens.TryTakeOperator(",");
        }

        EndTag();
        return new ScopeStatement(assignments, ParseBodyAndEnd("endwith"));
    }

    // marks the parts that training learns from; when a prompt is rendered they are text like any other
    private ScopeStatement ParseGeneration()
    {
        EndTag();
        return new ScopeStatement([], ParseBodyAndEnd("endgeneration"));
    }

    private JumpStatement ParseJump(Flow flow)
    {
        EndTag();
        return _loops > 0 ? new JumpStatement(flow) : throw _tokens.Error("'break' and 'continue' stand outside of a loop");
    }

    // a body that a jump cannot leave
    private Block ParseEnclosed(string end)
    {
        (int loops, _loops) = (_loops, 0);
        Block body = ParseBodyAndEnd(end);
        _loops = loops;
        return body;
    }

    private Block ParseBodyAndEnd(string end)
    {
        Block body = ParseBody(end);
        _tokens.Take();
        EndTag();
        return body;
    }

    private AssignmentTarget ParseTarget(bool allowAttribute)
    {
        bool bracket = _tokens.TryTakeOperator("(");
        List<string> names = [_tokens.Expect(TokenKind.Name).Text];
        if (allowAttribute && !bracket && _tokens.TryTakeOperator("."))
        {
            return new AssignmentTarget(names, _tokens.Expect(TokenKind.Name).Text);
        }

        while (_tokens.TryTakeOperator(","))
        {
            names.Add(_tokens.Expect(TokenKind.Name).Text);
        }

        if (bracket)
        {
            _tokens.ExpectOperator(")");
        }

        return new AssignmentTarget(names, null);
    }

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd);
}
