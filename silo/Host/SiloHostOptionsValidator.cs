using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Silo;

/// <summary>Checks the lists of <see cref="SiloHostOptions"/>, which attributes do not reach.</summary>
internal sealed class SiloHostOptionsValidator : IValidateOptions<SiloHostOptions>
{
    public ValidateOptionsResult Validate(string? name, SiloHostOptions options)
    {
        string[] problems = [.. Problems(options)];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> Problems(SiloHostOptions options)
    {
        foreach ((int index, string device) in options.Devices.Index())
        {
            if (!IsName(device))
            {
                yield return $"Silo:Devices:{index} is '{device}' but must match {SiloHostOptions.NamePattern}";
            }
        }

        if (options.Models.Count == 0)
        {
            yield return "Silo:Models is empty but must name at least one model";
        }

        foreach ((int index, ServedModel model) in options.Models.Index())
        {
            foreach (string problem in Problems(model))
            {
                yield return $"Silo:Models:{index}:{problem}";
            }
        }

        foreach (string twice in Repeated(options.Models.Select(model => model.Name)).Concat(Repeated(options.Devices)))
        {
            yield return $"Silo names '{twice}' twice, but models and devices must be unique";
        }
    }

    private static IEnumerable<string> Problems(ServedModel model)
    {
        if (!IsName(model.Name))
        {
            yield return $"Name is '{model.Name}' but must match {SiloHostOptions.NamePattern}";
        }

        if (!Directory.Exists(model.Directory))
        {
            yield return $"Directory is '{model.Directory}' but must be an existing directory";
        }

        if (model.Version.Length == 0)
        {
            yield return "Version is empty but must be the SHA-256 of the model's content";
        }
    }

    private static bool IsName(string text) => Regex.IsMatch(text, SiloHostOptions.NamePattern);

    private static IEnumerable<string> Repeated(IEnumerable<string> names) =>
        names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key);
}
