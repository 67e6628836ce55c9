using DeepSeekOrleans.Language.Provenance;
using DeepSeekOrleans.Language.Templates.Evaluation;
using DeepSeekOrleans.Language.Templates.Values;

namespace DeepSeekOrleans.Language.Templates.Library;

/// <summary>The arithmetic operators. Whole numbers have 128 bits; a result that does not fit is refused.</summary>
internal static class Arithmetic
{
    public static TemplateValue Apply(string operation, TemplateValue left, TemplateValue right, RenderBudget budget)
    {
        try
        {
            return (operation, left, right) switch
            {
                ("+", TextValue a, TextValue b) => Concat(a, b, budget),
                ("+", ListValue a, ListValue b) => Concat(a, b, budget),
                ("*", TextValue text, IntegerValue times) => new TextValue(TextOperations.Repeat(text.Tracked, times.Value, budget)),
                ("*", IntegerValue times, TextValue text) => new TextValue(TextOperations.Repeat(text.Tracked, times.Value, budget)),
                ("*", ListValue list, IntegerValue times) => Repeat(list, times.Value, budget),
                ("*", IntegerValue times, ListValue list) => Repeat(list, times.Value, budget),
                _ => ApplyNumbers(operation, left, right),
            };
        }
        catch (Exception exception) when (exception is OverflowException or DivideByZeroException)
        {
            throw new TemplateException(exception is OverflowException ? $"'{operation}': the number is too large" : "division by zero");
        }
    }

    public static TemplateValue Sign(string sign, TemplateValue operand) => operand switch
    {
        FloatValue number => new FloatValue(sign == "-" ? -number.Value : number.Value),
        _ when Whole(operand) is Int128 number => new IntegerValue(sign == "-" ? -number : number),
        _ => throw new TemplateException($"'{sign}' does not work on a {operand.TypeName}"),
    };

    /// <summary>The whole number that a value is; true and false are 1 and 0. Null for anything else.</summary>
    public static Int128? Whole(TemplateValue value) => value switch
    {
        IntegerValue number => number.Value,
        BooleanValue flag => flag.Value ? 1 : 0,
        _ => null,
    };

    /// <summary>The number that a value is, as a float; null when it is none.</summary>
    public static double? Number(TemplateValue value) => value is FloatValue number ? number.Value : (double?)Whole(value);

    private static TextValue Concat(TextValue left, TextValue right, RenderBudget budget)
    {
        budget.Charge((long)left.Text.Length + right.Text.Length);
        TrackedTextBuilder text = new();
        text.Append(left.Tracked);
        text.Append(right.Tracked);
        return new TextValue(text.Build());
    }

    private static ListValue Concat(ListValue left, ListValue right, RenderBudget budget)
    {
        budget.Step((long)left.Items.Count + right.Items.Count);
        return new ListValue([.. left.Items, .. right.Items], left.IsTuple);
    }

    private static ListValue Repeat(ListValue list, Int128 times, RenderBudget budget)
    {
        budget.Step(TextOperations.Product(list.Items.Count, Int128.Max(times, 0)));
        return new ListValue([.. Enumerable.Range(0, (int)Int128.Max(times, 0)).SelectMany(_ => list.Items)], list.IsTuple);
    }

    private static TemplateValue ApplyNumbers(string operation, TemplateValue left, TemplateValue right)
    {
        if (operation != "/" && Whole(left) is Int128 a && Whole(right) is Int128 b && !(operation == "**" && b < 0))
        {
            return new IntegerValue(ApplyWhole(operation, a, b));
        }

        return Number(left) is double x && Number(right) is double y
            ? new FloatValue(ApplyFloats(operation, x, y))
            : throw new TemplateException($"'{operation}' does not work on {Describe(left)} and {Describe(right)}");
    }

    private static string Describe(TemplateValue value) => value is UndefinedValue undefined ? $"the undefined '{undefined.Name}'" : value.TypeName;

    private static Int128 ApplyWhole(string operation, Int128 a, Int128 b) => operation switch
    {
        "+" => checked(a + b),
        "-" => checked(a - b),
        "*" => checked(a * b),
        "//" => FloorDivide(a, b),
        "%" => checked(a - (FloorDivide(a, b) * b)),
        "**" => Power(a, b),
        _ => throw new TemplateException($"'{operation}' is not supported"),
    };

    // Python rounds towards minus infinity
    private static Int128 FloorDivide(Int128 a, Int128 b)
    {
        (Int128 quotient, Int128 remainder) = Int128.DivRem(a, b);
        return remainder != 0 && (remainder < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static Int128 Power(Int128 a, Int128 b)
    {
        Int128 result = 1;
        // bases other than -1, 0 and 1 overflow long before 128 turns
        Int128 turns = a >= -1 && a <= 1 ? (b == 0 ? 0 : 2 - (b % 2)) : b;
        for (Int128 i = 0; i < turns; i++)
        {
            result = checked(result * a);
        }

        return result;
    }

    private static double ApplyFloats(string operation, double x, double y) => operation switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => y == 0 ? throw new DivideByZeroException() : x / y,
        "//" => y == 0 ? throw new DivideByZeroException() : Math.Floor(x / y),
        "%" => y == 0 ? throw new DivideByZeroException() : x - (Math.Floor(x / y) * y),
        "**" => Math.Pow(x, y),
        _ => throw new TemplateException($"'{operation}' is not supported"),
    };
}
