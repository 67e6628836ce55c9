using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend;

/// <summary>Refuses options outside their <see cref="RangeAttribute"/>s, naming the key, the value and the range.</summary>
internal sealed class OptionsRangeValidator<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var failures = new List<string>();
        foreach (PropertyInfo property in typeof(TOptions).GetProperties())
        {
            object? value = property.GetValue(options);
            if (property.GetCustomAttribute<RangeAttribute>() is { } range && !range.IsValid(value))
            {
                string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null";
                failures.Add($"{section}:{property.Name} is {text}; it must be {range.Minimum} to {range.Maximum}");
            }
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
