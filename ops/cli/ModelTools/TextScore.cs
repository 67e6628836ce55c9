using System.Numerics.Tensors;
using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Cli.ModelTools;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Perplexity">exp of the mean negative log-likelihood (natural logarithm) of the predicted tokens.</param>
/// <param name="Tokens">Of the text.</param>
/// <param name="Predicted">Tokens less the first of each window.</param>
/// <param name="Best">The most probable token for each predicted one.</param>
/// <param name="Margins">By how much the logit of each best token exceeds the next.</param>
internal sealed record TextScore(double Perplexity, int Tokens, int Predicted, int[] Best, float[] Margins)
{
    /// <summary>A margin that is no matter of chance: the best token is 1.65 times as probable as the next.</summary>
    public const float ClearMargin = 0.5f;

    /// <summary>Cuts the text into consecutive windows, each scored alone; the first token of a window is not predicted.</summary>
    public static TextScore Of(IModelRunner runner, int[] text, int window, CancellationToken cancellationToken)
    {
        List<(int Token, float Margin)> best = [];
        double sum = 0;
        float[] logits = new float[Math.Min(window, runner.Shape.MaxPrefillChunk) * runner.Shape.Vocabulary];
        for (int start = 0; start < text.Length; start += window)
        {
            int[] tokens = text[start..Math.Min(text.Length, start + window)];
            for (int position = 0; position < tokens.Length; position += runner.Shape.MaxPrefillChunk)
            {
                cancellationToken.ThrowIfCancellationRequested();
                sum += ScoreChunk(runner, tokens, position, logits, best);
            }
        }

        return best.Count > 0
            ? new TextScore(Math.Exp(sum / best.Count), text.Length, best.Count, [.. best.Select(token => token.Token)], [.. best.Select(token => token.Margin)])
            : throw new CliException(ExitCode.WrongUsage, "the text has too few tokens to predict one");
    }

    /// <summary>The share of predictions, 0 to 1, in which two models prefer the same token.</summary>
    public double AgreementWith(TextScore other) => (double)Best.Where((token, index) => token == other.Best[index]).Count() / Predicted;

    /// <summary>In how many predictions this model prefers another token although the exact one was clear about its own.</summary>
    public int ClearFlipsAgainst(TextScore exact) => Best.Where((token, index) => exact.Margins[index] > ClearMargin && token != exact.Best[index]).Count();

    /// <summary>How many predictions are clear.</summary>
    public int CountClear() => Margins.Count(margin => margin > ClearMargin);

    /// <returns>The negative log-likelihoods of the tokens that follow those of the chunk, added up.</returns>
    private static double ScoreChunk(IModelRunner runner, int[] tokens, int position, float[] logits, List<(int Token, float Margin)> best)
    {
        int vocabulary = runner.Shape.Vocabulary;
        int end = Math.Min(tokens.Length, position + runner.Shape.MaxPrefillChunk);
        runner.Prefill(0, position, tokens.AsSpan(position..end), logits.AsSpan(0, (end - position) * vocabulary));
        double sum = 0;
        for (int i = position; i < Math.Min(end, tokens.Length - 1); i++)
        {
            Span<float> row = logits.AsSpan((i - position) * vocabulary, vocabulary);
            int largest = TensorPrimitives.IndexOfMax<float>(row);
            float peak = row[largest];
            float wanted = row[tokens[i + 1]];
            row[largest] = float.NegativeInfinity;
            best.Add((largest, peak - TensorPrimitives.Max<float>(row)));
            row[largest] = peak;
            TensorPrimitives.Subtract(row, peak, row);
            TensorPrimitives.Exp<float>(row, row);
            sum += Math.Log(TensorPrimitives.Sum<float>(row)) + peak - wanted;
        }

        return sum;
    }
}
