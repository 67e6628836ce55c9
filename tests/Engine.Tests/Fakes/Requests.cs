using System.Collections.Immutable;

namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>Requests for the fake runner's vocabulary.</summary>
internal static class Requests
{
    public static GenerationRequest Of(long id, int promptLength = 8, int maxTokens = 12, string tenant = "a") => new()
    {
        Id = id,
        Tenant = tenant,
        PromptIds = [.. Enumerable.Range(0, promptLength).Select(i => (int)(((id * 31) + (i * 7)) % 97))],
        MaxTokens = maxTokens,
    };

    /// <summary>The request as another engine would get it that continues after the first tokens.</summary>
    public static GenerationRequest ContinuedAfter(this GenerationRequest request, IEnumerable<int> emitted) =>
        request with { EmittedIds = [.. emitted] };
}
