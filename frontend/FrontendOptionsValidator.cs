using System.Net;
using System.Text.RegularExpressions;
using DeepSeekOrleans.Frontend.Admission;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend;

/// <summary>Holds what a range cannot say: names, hashes, and that an open door needs a lock.</summary>
internal sealed partial class FrontendOptionsValidator(IOptions<AdmissionOptions> admission) : IValidateOptions<FrontendOptions>
{
    public ValidateOptionsResult Validate(string? name, FrontendOptions options)
    {
        List<string> failures = [.. ListenFailures(options), .. ModelFailures(options.Models), .. KeyFailures(admission.Value.Keys)];
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private IEnumerable<string> ListenFailures(FrontendOptions options)
    {
        if (!IPAddress.TryParse(options.Address, out IPAddress? address))
        {
            yield return $"Frontend:Address is '{options.Address}'; it must be an IP address";
        }
        else if (!IPAddress.IsLoopback(address) && admission.Value.Keys.Count == 0)
        {
            yield return $"Frontend:Address is {address}, which other machines can reach, and Admission:Keys is empty; "
                + "configure at least one key, or listen on a loopback address";
        }

        if (options.HttpPort == options.GrpcPort && options.HttpPort != 0)
        {
            yield return $"Frontend:HttpPort and Frontend:GrpcPort are both {options.HttpPort}; they must differ";
        }
    }

    private static IEnumerable<string> ModelFailures(IList<ServedModelOptions> models)
    {
        if (models.Count == 0)
        {
            yield return "Frontend:Models is empty; it must name at least one model";
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < models.Count; i++)
        {
            ServedModelOptions model = models[i];
            if (!ModelName().IsMatch(model.Name))
            {
                yield return $"Frontend:Models:{i}:Name is '{model.Name}'; it must be 1 to 128 of the characters A-Z a-z 0-9 . _ - :";
            }

            if (model.Directory.Length == 0)
            {
                yield return $"Frontend:Models:{i}:Directory is empty; it must name a prepared model directory";
            }

            if (model.ContextLength < 0)
            {
                yield return $"Frontend:Models:{i}:ContextLength is {model.ContextLength}; it must be a number of tokens, or 0 for the model's own";
            }

            foreach (string alias in model.Aliases.Prepend(model.Name).Where(alias => !names.Add(alias)))
            {
                yield return $"Frontend:Models:{i} uses the name '{alias}', which is already taken; names and aliases must differ";
            }
        }
    }

    private static IEnumerable<string> KeyFailures(IList<ApiKeyOptions> keys)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            if (!TenantName().IsMatch(keys[i].Tenant))
            {
                yield return $"Admission:Keys:{i}:Tenant is '{keys[i].Tenant}'; it must be 1 to 64 of the characters A-Z a-z 0-9 . _ -";
            }

            // the value is not repeated: a wrong one may be the key itself
            if (!Sha256Hex().IsMatch(keys[i].Sha256))
            {
                yield return $"Admission:Keys:{i}:Sha256 must be 64 hex digits: the SHA-256 of the key";
            }
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._:-]{1,128}\z")]
    private static partial Regex ModelName();

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex TenantName();

    [GeneratedRegex(@"\A[0-9a-fA-F]{64}\z")]
    private static partial Regex Sha256Hex();
}
