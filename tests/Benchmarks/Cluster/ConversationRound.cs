using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeepSeekOrleans.Benchmarks.Cluster;

/// <summary>What one round of conversations has seen.</summary>
/// <param name="FirstToken">Seconds from the request to the first text, of each request.</param>
/// <param name="PromptTokens">Tokens of all prompts.</param>
/// <param name="CachedTokens">Those of them that no worker had to compute.</param>
internal sealed record RoundResult(IReadOnlyList<double> FirstToken, long PromptTokens, long CachedTokens)
{
    public long ComputedTokens => PromptTokens - CachedTokens;
}

/// <summary>
/// Users who talk at the same time, each one conversation of several turns, over HTTP and SSE. A few long system prompts are shared, and
/// each request carries the conversation so far. The round's number decides every word, so two clusters can be asked the same.
/// </summary>
internal sealed class ConversationRound(HttpClient http, string model, int round)
{
    public const int Users = 12;
    public const int Turns = 8;
    private const int SystemPrompts = 4;
    private const int SystemWords = 200;
    private const int QuestionWords = 60;
    private const int AnswerTokens = 32;

    private static readonly string[] Words =
        ["dog", "cat", "bird", "tree", "boat", "star", "fish", "house", "river", "stone", "garden", "winter", "summer", "little", "green", "happy", "walks", "sings", "under", "behind", "with", "the", "and", "a"];

    private readonly Lock _results = new();
    private readonly List<double> _firstToken = [];
    private long _promptTokens;
    private long _cachedTokens;

    public async Task<RoundResult> RunAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, Users).Select(TalkAsync));
        return new RoundResult(_firstToken, _promptTokens, _cachedTokens);
    }

    private async Task TalkAsync(int user)
    {
        JsonArray messages = [Message("system", Text(new Random((round * SystemPrompts) + (user % SystemPrompts)), SystemWords))];
        Random words = new(1_000_000 + (round * Users) + user);
        for (int turn = 0; turn < Turns; turn++)
        {
            messages.Add(Message("user", Text(words, QuestionWords)));
            messages.Add(Message("assistant", await AskAsync(messages)));
        }
    }

    private async Task<string> AskAsync(JsonArray messages)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["messages"] = messages.DeepClone(),
            ["temperature"] = 0,
            ["cache"] = false,
            ["max_tokens"] = AnswerTokens,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
        };
        long start = TimeProvider.System.GetTimestamp();
        using HttpRequestMessage request = new(HttpMethod.Post, "v1/chat/completions") { Content = JsonContent.Create(body) };
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync());
        string answer = "";
        double? firstToken = null;
        JsonElement usage = default;
        while (await lines.ReadLineAsync() is { } line && line != "data: [DONE]")
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
            {
                continue;
            }

            JsonElement chunk = JsonElement.Parse(line["data: ".Length..]);
            string text = TextOf(chunk);
            firstToken ??= text.Length > 0 ? TimeProvider.System.GetElapsedTime(start).TotalSeconds : null;
            answer += text;
            usage = chunk.TryGetProperty("usage", out JsonElement told) && told.ValueKind == JsonValueKind.Object ? told : usage;
        }

        Note(firstToken ?? TimeProvider.System.GetElapsedTime(start).TotalSeconds, usage);
        return answer;
    }

    private static string TextOf(JsonElement chunk)
    {
        string text = "";
        foreach (JsonElement choice in chunk.GetProperty("choices").EnumerateArray())
        {
            JsonElement delta = choice.GetProperty("delta");
            text += delta.TryGetProperty("reasoning_content", out JsonElement reasoning) ? reasoning.GetString() : "";
            text += delta.TryGetProperty("content", out JsonElement content) ? content.GetString() : "";
        }

        return text;
    }

    private void Note(double firstToken, JsonElement usage)
    {
        lock (_results)
        {
            _firstToken.Add(firstToken);
            _promptTokens += usage.GetProperty("prompt_tokens").GetInt64();
            _cachedTokens += usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt64();
        }
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private static string Text(Random random, int words) =>
        string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[random.Next(Words.Length)]));
}
