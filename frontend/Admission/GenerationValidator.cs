using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Checks every number of a generation against its range, and fills in what the client left to the model.</summary>
internal sealed class GenerationValidator(IOptions<RequestLimits> limits, SeedSource seeds)
{
    private const float DefaultTemperature = 1;
    private const double LargestTemperature = 2;
    private const double LargestPenalty = 2;
    private const double LargestBias = 100;

    private readonly RequestLimits _limits = limits.Value;

    /// <exception cref="RequestRejected">A value lies outside its range.</exception>
    public ValidGeneration Validate(RequestedGeneration asked, ServedModel model)
    {
        SamplingOrder sampling = Sampling(asked, model.Language);
        int choices = Within("n", asked.Choices, 1, _limits.MaxChoices) ?? 1;
        Within("user", asked.User?.Length, 0, _limits.MaxUserLength, "characters of ");
        return new ValidGeneration
        {
            Sampling = sampling,
            MaxTokens = Within(asked.MaxTokensName, asked.MaxTokens, 1, _limits.MaxTokens),
            MaxTokensByDefault = _limits.DefaultMaxTokens,
            StopStrings = StopStrings(asked.Stop),
            Choices = choices,
            KeepsAnswer = AnswerCachePolicy.Keeps(asked, sampling, choices),
        };
    }

    private SamplingOrder Sampling(RequestedGeneration asked, ModelLanguage language)
    {
        float temperature = Within("temperature", asked.Temperature, 0, LargestTemperature) ?? ModelTemperature(language) ?? DefaultTemperature;
        return new SamplingOrder
        {
            Temperature = temperature,
            TopP = Above("top_p", asked.TopP, 0, 1) ?? (float?)language.Defaults.TopP ?? 1,
            TopK = TopK(asked.TopK) ?? language.Defaults.TopK ?? 0,
            MinP = Within("min_p", asked.MinP, 0, 1) ?? 0,
            RepetitionPenalty = Above("repetition_penalty", asked.RepetitionPenalty, 0, LargestPenalty) ?? 1,
            PresencePenalty = Within("presence_penalty", asked.PresencePenalty, -LargestPenalty, LargestPenalty) ?? 0,
            FrequencyPenalty = Within("frequency_penalty", asked.FrequencyPenalty, -LargestPenalty, LargestPenalty) ?? 0,
            LogitBias = LogitBias(asked.LogitBias, language.Tokenizer.VocabularySize),
            Seed = temperature == 0 ? 0 : unchecked((ulong?)asked.Seed) ?? seeds.Next(),
        };
    }

    // a model's file may recommend what our range does not know
    private static float? ModelTemperature(ModelLanguage language) =>
        language.Defaults.Temperature is { } temperature ? (float)Math.Clamp(temperature, 0, LargestTemperature) : null;

    // -1 is how vLLM's clients write "off"
    private static int? TopK(int? value) => Within("top_k", value, -1, 1_000_000) is { } topK ? Math.Max(topK, 0) : null;

    private Dictionary<int, float> LogitBias(IReadOnlyDictionary<int, double>? biases, int vocabulary)
    {
        var valid = new Dictionary<int, float>();
        Within("logit_bias", biases?.Count, 0, _limits.MaxLogitBias, "entries of ");
        foreach ((int id, double bias) in biases ?? new Dictionary<int, double>())
        {
            Within("logit_bias", id, 0, vocabulary - 1, "a token id of ");
            valid[id] = Within("logit_bias", bias, -LargestBias, LargestBias)!.Value;
        }

        return valid;
    }

    private string[] StopStrings(IReadOnlyList<string> stops)
    {
        Within("stop", stops.Count, 0, _limits.MaxStopStrings, "entries of ");
        foreach (string stop in stops)
        {
            Within("stop", stop.Length, 1, _limits.MaxStopLength, "characters of ");
        }

        return [.. stops];
    }

    private static int? Within(string name, int? value, int least, int most, string what = "") =>
        value is null || (value >= least && value <= most) ? value : throw RequestRejected.Outside(name, value.Value, least, most, what);

    // comparisons are written so that NaN fails them
    private static float? Within(string name, double? value, double least, double most) =>
        value is null || (value >= least && value <= most) ? (float?)value : throw RequestRejected.Outside(name, value.Value, least, most);

    // what is above the bound as a double can still be rounded down to it
    private static float? Above(string name, double? value, double bound, double most) =>
        value is null || ((float)value > bound && value <= most) ? (float?)value : throw RequestRejected.OutsideAbove(name, value.Value, bound, most);
}
