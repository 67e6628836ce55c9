using System.CommandLine;
using DeepSeekOrleans.Cli.ModelFactory;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli;

/// <summary>Options that several commands share, with their ranges.</summary>
internal static class CommonOptions
{
    private static readonly Dictionary<string, ModelPrecision> Precisions =
        Enum.GetValues<ModelPrecision>().ToDictionary(precision => precision.Name(), StringComparer.Ordinal);

    public static Option<DirectoryInfo> RequiredModel() => new("--model")
    {
        Description = "A model directory: Hugging Face layout (config.json, *.safetensors, tokenizer.json) or an ONNX decoder; or a GGUF file",
        Required = true,
    };

    public static Option<ModelPrecision> Precision() => new("--precision")
    {
        // Help would list the names of the enumeration, and its first as the default, where these have names of their own.
        HelpName = "form",
        Description = $"What weights and matrix products are computed in: {string.Join(", ", Precisions.Keys)} [default: {default(ModelPrecision).Name()}]",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Precisions.TryGetValue(text, out ModelPrecision precision))
            {
                return precision;
            }

            result.AddError($"--precision must be {string.Join(", ", Precisions.Keys)}; it is '{text}'");
            return default;
        },
    };

    /// <summary>The same where the form may be left to a measurement.</summary>
    public static Option<PrecisionChoice> PrecisionOrAuto()
    {
        string words = $"{string.Join(", ", Precisions.Keys)}, {PrecisionChoice.Auto}";
        return new Option<PrecisionChoice>("--precision")
        {
            HelpName = "form",
            Description = $"What weights and matrix products are computed in: {words}, which takes the fastest on this CPU that loses little, measured "
                + $"once for a model [default: {default(ModelPrecision).Name()}]",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (text == PrecisionChoice.Auto || Precisions.ContainsKey(text))
                {
                    return new PrecisionChoice(Precisions.GetValueOrDefault(text), text == PrecisionChoice.Auto);
                }

                result.AddError($"--precision must be {words}; it is '{text}'");
                return default;
            },
        };
    }

    public static Option<int> Number(string name, string description, int defaultValue, (int Least, int Most) range)
    {
        Option<int> option = new(name)
        {
            Description = $"{description} ({range.Least} to {range.Most})",
            DefaultValueFactory = _ => defaultValue,
        };
        option.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() is int value && value >= range.Least && value <= range.Most)
            {
                return;
            }

            result.AddError($"{name} must be {range.Least} to {range.Most}");
        });
        return option;
    }

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };
}
