using System.Runtime.InteropServices;

namespace DeepSeekOrleans.Engine.Sampling;

/// <summary>
/// What one sequence adds to its logits: the bias of single tokens, then the penalties of tokens already seen. Only those tokens
/// are touched, so the cost does not depend on the vocabulary.
/// </summary>
internal sealed class LogitAdjustments
{
    private readonly SamplingParameters _sampling;
    private readonly KeyValuePair<int, float>[] _bias;

    /// <summary>Every token seen, with its occurrences in the output; 0 for one that stands in the prompt alone.</summary>
    private readonly Dictionary<int, int> _seen;

    private LogitAdjustments(GenerationRequest request, int vocabulary)
    {
        _sampling = request.Sampling;
        _bias = [.. request.Sampling.LogitBias];

        // Sized once, so that no token of the sequence makes it grow.
        int most = HasPenalties(_sampling) ? Math.Min(request.PromptIds.Length + request.MaxTokens, vocabulary) : 0;
        _seen = new Dictionary<int, int>(most);
        if (_sampling.RepetitionPenalty != 1)
        {
            foreach (int token in request.PromptIds)
            {
                _seen.TryAdd(token, 0);
            }
        }

        foreach (int token in request.EmittedIds)
        {
            Record(token);
        }
    }

    /// <summary>The adjustments that a request asks for; null when it asks for none.</summary>
    public static LogitAdjustments? For(GenerationRequest request, int vocabulary) =>
        HasPenalties(request.Sampling) || !request.Sampling.LogitBias.IsEmpty ? new LogitAdjustments(request, vocabulary) : null;

    /// <summary>Counts one more output token.</summary>
    public void Record(int token)
    {
        if (HasPenalties(_sampling))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_seen, token, out _)++;
        }
    }

    public void Apply(Span<float> logits)
    {
        foreach ((int token, float bias) in _bias)
        {
            logits[token] += bias;
        }

        float repetition = _sampling.RepetitionPenalty;
        foreach ((int token, int occurrences) in _seen)
        {
            float logit = logits[token];
            logit = logit > 0 ? logit / repetition : logit * repetition;
            if (occurrences > 0)
            {
                logit -= _sampling.PresencePenalty + (_sampling.FrequencyPenalty * occurrences);
            }

            logits[token] = logit;
        }
    }

    private static bool HasPenalties(SamplingParameters sampling) =>
        sampling.RepetitionPenalty != 1 || sampling.PresencePenalty != 0 || sampling.FrequencyPenalty != 0;
}
