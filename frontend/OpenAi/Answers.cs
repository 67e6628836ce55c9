using System.Text;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>All answers to one request: n to each prompt, prompt by prompt.</summary>
internal sealed class Answers : IAsyncDisposable
{
    private readonly List<GenerationStream> _streams = [];
    private readonly int _perPrompt;

    private Answers(int perPrompt) => _perPrompt = perPrompt;

    public IReadOnlyList<GenerationStream> Streams => _streams;

    /// <summary>Opens all answers, or none.</summary>
    /// <param name="perPrompt">How many of the plans in a row share a prompt.</param>
    /// <exception cref="GenerationException">An answer could not be started.</exception>
    public static async Task<Answers> OpenAsync(
        StreamOpener opener, IEnumerable<GenerationPlan> plans, int perPrompt, CancellationToken cancellationToken)
    {
        var answers = new Answers(perPrompt);
        try
        {
            foreach (GenerationPlan plan in plans)
            {
                answers._streams.Add(await opener.OpenAsync(plan, cancellationToken).ConfigureAwait(false));
            }

            return answers;
        }
        catch
        {
            await answers.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits for the whole text of every answer; the first failure ends them all.</summary>
    /// <exception cref="GenerationException">An answer could not be completed.</exception>
    public async Task<TextDelta[]> CollectAsync(CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return await Task.WhenAll(_streams.Select(stream => CollectAsync(stream, linked))).ConfigureAwait(false);
    }

    /// <summary>The prompt counts once, however many answers it has.</summary>
    public Usage ToUsage()
    {
        IEnumerable<GenerationStream> prompts = _streams.Where((_, index) => index % _perPrompt == 0);
        int prompt = prompts.Sum(stream => stream.PromptTokens);
        int cached = prompts.Sum(stream => stream.CachedTokens);
        int completion = _streams.Sum(stream => stream.CompletionTokens);
        return new Usage
        {
            PromptTokens = prompt,
            CompletionTokens = completion,
            TotalTokens = prompt + completion,
            PromptTokensDetails = new PromptTokensDetails(cached),
            CompletionTokensDetails = new CompletionTokensDetails(_streams.Sum(stream => stream.ReasoningTokens)),
            PromptCacheHitTokens = cached,
            PromptCacheMissTokens = prompt - cached,
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (GenerationStream stream in _streams)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<TextDelta> CollectAsync(GenerationStream stream, CancellationTokenSource all)
    {
        var reasoning = new StringBuilder();
        var content = new StringBuilder();
        try
        {
            await foreach (TextDelta delta in stream.ReadAsync(all.Token).ConfigureAwait(false))
            {
                reasoning.Append(delta.Reasoning);
                content.Append(delta.Content);
            }
        }
        catch (GenerationException)
        {
            await all.CancelAsync().ConfigureAwait(false);
            throw;
        }

        return new TextDelta(reasoning.ToString(), content.ToString());
    }
}
