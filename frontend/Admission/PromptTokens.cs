using DeepSeekOrleans.Frontend.Generation;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Checks a prompt that comes as token ids.</summary>
internal static class PromptTokens
{
    /// <exception cref="RequestRejected">There is no token, or one that the model does not have.</exception>
    public static int[] Validate(string parameter, int[] ids, ServedModel model)
    {
        if (ids.Length == 0)
        {
            throw RequestRejected.Invalid(parameter, $"'{parameter}' must have at least one token");
        }

        int vocabulary = model.Language.Tokenizer.VocabularySize;
        foreach (int id in ids)
        {
            if (id < 0 || id >= vocabulary)
            {
                throw RequestRejected.Outside(parameter, id, 0, vocabulary - 1, "a token id of ");
            }
        }

        return ids;
    }
}
