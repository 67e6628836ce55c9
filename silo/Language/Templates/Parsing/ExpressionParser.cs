using DeepSeekOrleans.Language.Templates.Syntax;

namespace DeepSeekOrleans.Language.Templates.Parsing;

/// <summary>Jinja's expression grammar from the conditional down to the power; <see cref="PrimaryParser"/> has the rest.</summary>
internal sealed class ExpressionParser
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private readonly TokenReader _tokens;
    private readonly PrimaryParser _primaries;

    public ExpressionParser(TokenReader tokens)
    {
        _tokens = tokens;
        _primaries = new PrimaryParser(tokens, this);
    }

    /// <summary>One expression; <c>a if b else c</c> is one.</summary>
    /// <param name="allowConditional">False where a following "if" belongs to the statement.</param>
    public Expression Parse(bool allowConditional = true)
    {
        _tokens.Enter();
        Expression value = ParseOr();
        while (allowConditional && _tokens.TryTakeName("if"))
        {
            Expression condition = ParseOr();
            Expression? otherwise = _tokens.TryTakeName("else") ? Parse() : null;
            value = Checked(new ConditionalExpression(condition, value, otherwise));
        }

        _tokens.Leave();
        return value;
    }

    /// <summary>One expression, or several with commas between: a tuple.</summary>
    public Expression ParseTuple(bool allowConditional = true)
    {
        Expression first = Parse(allowConditional);
        if (!_tokens.Current.IsOperator(","))
        {
            return first;
        }

        List<Expression> items = [first];
        while (_tokens.TryTakeOperator(",") && _tokens.Current.Kind is not (TokenKind.BlockEnd or TokenKind.OutputEnd) && !_tokens.Current.IsOperator(")"))
        {
            items.Add(Parse(allowConditional));
        }

        return Checked(new ListExpression(items, isTuple: true));
    }

    public Expression Checked(Expression expression)
    {
        _tokens.CheckDepth(expression.Depth);
        return expression;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (_tokens.TryTakeName("or"))
        {
            left = Checked(new LogicExpression(isAnd: false, left, ParseAnd()));
        }

        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (_tokens.TryTakeName("and"))
        {
            left = Checked(new LogicExpression(isAnd: true, left, ParseNot()));
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!_tokens.TryTakeName("not"))
        {
            return ParseComparison();
        }

        _tokens.Enter();
        Expression operand = ParseNot();
        _tokens.Leave();
        return Checked(new NotExpression(operand));
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        List<(string, Expression)> rest = [];
        while (TakeComparison() is string operation)
        {
            rest.Add((operation, ParseSum()));
        }

        return rest.Count == 0 ? first : Checked(new CompareExpression(first, rest));
    }

    private string? TakeComparison()
    {
        if (_tokens.Current.Kind == TokenKind.Operator && Comparisons.Contains(_tokens.Current.Text))
        {
            return _tokens.Take().Text;
        }

        if (_tokens.TryTakeName("in"))
        {
            return "in";
        }

        if (!_tokens.Current.IsName("not") || !_tokens.Next.IsName("in"))
        {
            return null;
        }

        _tokens.Take();
        _tokens.Take();
        return "not in";
    }

    private Expression ParseSum() => ParseArithmetic(["+", "-"], ParseConcat);

    private Expression ParseConcat()
    {
        Expression first = ParseProduct();
        if (!_tokens.Current.IsOperator("~"))
        {
            return first;
        }

        List<Expression> parts = [first];
        while (_tokens.TryTakeOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return Checked(new ConcatExpression(parts));
    }

    private Expression ParseProduct() => ParseArithmetic(["*", "/", "//", "%"], ParsePower);

    private Expression ParsePower() => ParseArithmetic(["**"], ParseSign);

    private Expression ParseArithmetic(string[] operations, Func<Expression> parseOperand)
    {
        Expression left = parseOperand();
        while (_tokens.Current.Kind == TokenKind.Operator && operations.Contains(_tokens.Current.Text))
        {
            string operation = _tokens.Take().Text;
            left = Checked(new ArithmeticExpression(operation, left, parseOperand()));
        }

        return left;
    }

    private Expression ParseSign() => _tokens.Current.IsOperator("-") || _tokens.Current.IsOperator("+")
        ? _primaries.WithFilters(ParseSigned())
        : _primaries.WithFilters(_primaries.Parse());

    // filters bind weaker than a sign: -1|abs is 1
    private Expression ParseSigned()
    {
        if (!_tokens.Current.IsOperator("-") && !_tokens.Current.IsOperator("+"))
        {
            return _primaries.Parse();
        }

        string sign = _tokens.Take().Text;
        _tokens.Enter();
        Expression operand = ParseSigned();
        _tokens.Leave();
        return Checked(new SignExpression(sign, operand));
    }
}
