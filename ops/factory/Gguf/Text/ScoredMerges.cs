namespace DeepSeekOrleans.ModelFactory.Gguf.Text;

/// <summary>
/// Merges for a SentencePiece vocabulary, which has scores instead: SentencePiece joins the two neighbours whose union has the best
/// score, so each way to cut a token into two tokens is a merge of that token's rank.
/// </summary>
internal static class ScoredMerges
{
    // A longer token can be cut in so many ways that a hostile file could ask for billions of them.
    private const int MaxTokenLength = 1024;

    /// <param name="scores">One for each token, higher is joined earlier.</param>
    /// <param name="takesPart">False for tokens that no text is merged into.</param>
    public static List<(string Left, string Right)> Of(string[] tokens, double[] scores, Func<int, bool> takesPart)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
        {
            if (takesPart(id))
            {
                ids.TryAdd(tokens[id], id);
            }
        }

        List<(double Score, int Id, string Left, string Right)> merges = [];
        foreach ((string token, int id) in ids.Where(entry => entry.Key.Length <= MaxTokenLength))
        {
            for (int cut = 1; cut < token.Length; cut++)
            {
                (string left, string right) = (token[..cut], token[cut..]);
                if (ids.ContainsKey(left) && ids.ContainsKey(right))
                {
                    merges.Add((scores[id], id, left, right));
                }
            }
        }

        return [.. merges.OrderByDescending(merge => merge.Score).ThenBy(merge => merge.Id).Select(merge => (merge.Left, merge.Right))];
    }
}
