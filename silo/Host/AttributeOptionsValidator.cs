using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Silo;

/// <summary>Holds options to the attributes of their properties and says which key has which wrong value, and what is allowed.</summary>
internal sealed class AttributeOptionsValidator<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        IEnumerable<string> problems =
            from property in typeof(TOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            from rule in property.GetCustomAttributes<ValidationAttribute>()
            let value = property.GetValue(options)
            where !rule.IsValid(value)
            select $"{section}:{property.Name} is '{value}' but must {Demand(rule)}";

        string[] found = [.. problems];
        return found.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
    }

    private static string Demand(ValidationAttribute rule) => rule switch
    {
        RangeAttribute range => $"be {range.Minimum} to {range.Maximum}",
        RegularExpressionAttribute pattern => $"match {pattern.Pattern}",
        EnumDataTypeAttribute kind => $"be one of {string.Join(", ", Enum.GetNames(kind.EnumType))}",
        _ => rule.FormatErrorMessage("it"),
    };
}
