using System.Globalization;
using System.Text;
using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Library;
using DeepSeekOrleans.Language.Templates.Syntax;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Parsing;

/// <summary>Literals, names and brackets, and what follows them: attributes, subscripts, calls, filters, tests.</summary>
internal sealed class PrimaryParser(TokenReader tokens, ExpressionParser expressions)
{
    /// <summary>Words that cannot begin the argument of a test: <c>x is defined and y</c>.</summary>
    private static readonly string[] NoTestArgument = ["else", "or", "and", "if", "in", "is", "not"];

    /// <summary>A primary with its attributes, subscripts and calls.</summary>
    public Expression Parse()
    {
        Expression value = ParseAtom();
        while (ParseSuffix(value) is Expression next)
        {
            value = expressions.Checked(next);
        }

        return value;
    }

    /// <summary>The filters and tests that follow a value.</summary>
    public Expression WithFilters(Expression value)
    {
        while (true)
        {
            if (tokens.TryTakeOperator("|"))
            {
                value = ParseFilter(value);
            }
            else if (tokens.TryTakeName("is"))
            {
                value = ParseTest(value);
            }
            else
            {
                return value;
            }

            expressions.Checked(value);
        }
    }

    public ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        while (!tokens.TryTakeOperator(")"))
        {
            if (tokens.Current.Kind == TokenKind.Name && tokens.Next.IsOperator("="))
            {
                string name = tokens.Take().Text;
                tokens.Take();
                named.Add((name, expressions.Parse()));
            }
            else
            {
                positional.Add(named.Count == 0 ? expressions.Parse() : throw tokens.Error("a positional argument stands behind a named one"));
            }

            if (!tokens.Current.IsOperator(")"))
            {
                tokens.ExpectOperator(",");
            }
        }

        return new ArgumentList(positional, named);
    }

    private Expression ParseAtom()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(tokens.Take().Text);
            case TokenKind.String:
                return new Literal(new TextValue(TrackedText.FromModel(ParseStrings())));
            case TokenKind.Integer:
                return new Literal(ParseInteger(tokens.Take().Text));
            case TokenKind.Float:
                return new Literal(new FloatValue(double.Parse(tokens.Take().Text, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Text == "(":
                return ParseParenthesis();
            case TokenKind.Operator when token.Text == "[":
                tokens.Take();
                return expressions.Checked(new ListExpression(ParseItems("]"), isTuple: false));
            case TokenKind.Operator when token.Text == "{":
                return ParseMap();
            default:
                throw tokens.Unexpected();
        }
    }

    private static Expression ParseName(string name) => name switch
    {
        "true" or "True" => new Literal(BooleanValue.True),
        "false" or "False" => new Literal(BooleanValue.False),
        "none" or "None" => new Literal(NoneValue.Instance),
        _ => new NameExpression(name),
    };

    private IntegerValue ParseInteger(string digits) =>
        Int128.TryParse(digits, CultureInfo.InvariantCulture, out Int128 value) ? new IntegerValue(value) : throw tokens.Error("the number is too large");

    private string ParseStrings()
    {
        StringBuilder text = new(tokens.Take().Text);
        while (tokens.Current.Kind == TokenKind.String)
        {
            text.Append(tokens.Take().Text);
        }

        return text.ToString();
    }

    private Expression ParseParenthesis()
    {
        tokens.Take();
        if (tokens.TryTakeOperator(")"))
        {
            return new ListExpression([], isTuple: true);
        }

        Expression inner = expressions.ParseTuple();
        tokens.ExpectOperator(")");
        return inner;
    }

    private List<Expression> ParseItems(string close)
    {
        List<Expression> items = [];
        while (!tokens.TryTakeOperator(close))
        {
            items.Add(expressions.Parse());
            if (!tokens.Current.IsOperator(close))
            {
                tokens.ExpectOperator(",");
            }
        }

        return items;
    }

    private Expression ParseMap()
    {
        tokens.Take();
        List<(Expression, Expression)> entries = [];
        while (!tokens.TryTakeOperator("}"))
        {
            Expression key = expressions.Parse();
            tokens.ExpectOperator(":");
            entries.Add((key, expressions.Parse()));
            if (!tokens.Current.IsOperator("}"))
            {
                tokens.ExpectOperator(",");
            }
        }

        return expressions.Checked(new MapExpression(entries));
    }

    private Expression? ParseSuffix(Expression target)
    {
        if (tokens.TryTakeOperator("."))
        {
            return tokens.Current.Kind == TokenKind.Integer
                ? new SubscriptExpression(target, new Literal(ParseInteger(tokens.Take().Text)))
                : new AttributeExpression(target, tokens.Expect(TokenKind.Name).Text);
        }

        if (tokens.Current.IsOperator("("))
        {
            return new CallExpression(target, ParseArguments());
        }

        return tokens.TryTakeOperator("[") ? ParseSubscript(target) : null;
    }

    private Expression ParseSubscript(Expression target)
    {
        Expression? from = tokens.Current.IsOperator(":") ? null : expressions.ParseTuple();
        if (from is not null && tokens.TryTakeOperator("]"))
        {
            return new SubscriptExpression(target, from);
        }

        tokens.ExpectOperator(":");
        Expression? to = ParseBound();
        Expression? step = tokens.TryTakeOperator(":") ? ParseBound() : null;
        tokens.ExpectOperator("]");
        return new SliceExpression(target, from, to, step);
    }

    private Expression? ParseBound() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : expressions.Parse();

    private Expression ParseFilter(Expression value)
    {
        string name = tokens.Expect(TokenKind.Name).Text;
        Filter filter = Filters.Find(name) ?? throw tokens.Error($"the filter '{name}' is not supported");
        ArgumentList arguments = tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty;
        // what a filter gives may be called, subscripted and so on
        Expression filtered = new FilterExpression(value, name, filter, arguments);
        while (ParseSuffix(filtered) is Expression next)
        {
            filtered = expressions.Checked(next);
        }

        return filtered;
    }

    private Expression ParseTest(Expression value)
    {
        bool negated = tokens.TryTakeName("not");
        string name = tokens.Expect(TokenKind.Name).Text;
        Test test = Tests.Find(name) ?? throw tokens.Error($"the test '{name}' is not supported");
        ArgumentList arguments = ArgumentList.Empty;
        if (tokens.Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (BeginsArgument(tokens.Current))
        {
            arguments = new ArgumentList([Parse()], []);
        }

        Expression tested = new TestExpression(value, name, test, arguments);
        return negated ? new NotExpression(tested) : tested;
    }

    private static bool BeginsArgument(Token token) => token.Kind switch
    {
        TokenKind.Name => !NoTestArgument.Contains(token.Text),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => token.Text is "[" or "{",
        _ => false,
    };
}
