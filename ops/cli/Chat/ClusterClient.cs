using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeepSeekOrleans.Cli.Chat;

/// <summary>The cluster's OpenAI-compatible API, as far as a terminal needs it.</summary>
internal sealed class ClusterClient : IDisposable
{
    private readonly HttpClient _http;

    public ClusterClient(Uri address)
    {
        // answers take as long as they take; a silent connection is noticed by the server's keep-alive comments ending
        _http = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (Environment.GetEnvironmentVariable("DEEPSEEK_API_KEY") is { Length: > 0 } key)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <exception cref="CliException">Nobody answers, or no model is served.</exception>
    public async Task<string> FirstModelAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "v1/models"), cancellationToken);
        using JsonDocument models = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return models.RootElement.TryGetProperty("data", out JsonElement data) && data.GetArrayLength() > 0
            ? data[0].GetProperty("id").GetString()!
            : throw new CliException(ExitCode.RequestRefused, "the cluster serves no model");
    }

    /// <returns>The id of a conversation in which nothing has been said yet.</returns>
    /// <exception cref="CliException">Nobody answers, or the cluster cannot store one.</exception>
    public async Task<string> CreateConversationAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Post, "v1/conversations"), cancellationToken);
        using JsonDocument conversation = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return conversation.RootElement.GetProperty("id").GetString()!;
    }

    /// <exception cref="CliException">Nobody answers, the request is refused, or the answer breaks off.</exception>
    public async IAsyncEnumerable<AnswerDelta> StreamAsync(ChatTurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HttpRequestMessage request = new(HttpMethod.Post, "v1/chat/completions") { Content = JsonContent.Create(Body(turn)) };
        if (turn.Session is not null)
        {
            request.Headers.Add("x-session-id", turn.Session);
        }

        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        bool done = false;
        await foreach (SseItem<string> item in Events(body, cancellationToken))
        {
            done = item.Data == "[DONE]";
            if (!done)
            {
                yield return Parse(item.Data);
            }
        }

        if (!done)
        {
            throw new CliException(ExitCode.RequestRefused, "the answer broke off");
        }
    }

    public void Dispose() => _http.Dispose();

    private static JsonObject Body(ChatTurn turn)
    {
        JsonObject body = new()
        {
            ["model"] = turn.Model,
            ["messages"] = JsonSerializer.SerializeToNode(turn.Messages),
            ["stream"] = true,
        };
        if (turn.Conversation is not null)
        {
            body["conversation"] = turn.Conversation;
        }

        return body;
    }

    private static async IAsyncEnumerable<SseItem<string>> Events(
        Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<SseItem<string>> events =
            SseParser.Create(body).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(events))
        {
            yield return events.Current;
        }
    }

    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new CliException(ExitCode.RequestRefused, "the answer broke off: the connection was lost", exception);
        }
    }

    private static AnswerDelta Parse(string data)
    {
        using JsonDocument chunk = JsonDocument.Parse(data);
        if (chunk.RootElement.TryGetProperty("error", out JsonElement error))
        {
            throw new CliException(ExitCode.RequestRefused, $"the answer broke off: {error.GetProperty("message").GetString()}");
        }

        JsonElement choices = chunk.RootElement.GetProperty("choices");
        if (choices.GetArrayLength() == 0)
        {
            return default;
        }

        JsonElement delta = choices[0].GetProperty("delta");
        return new AnswerDelta(Text(delta, "reasoning_content"), Text(delta, "content"));
    }

    private static string Text(JsonElement delta, string name) =>
        delta.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new CliException(
                ExitCode.Unreachable, $"no cluster answers at {_http.BaseAddress}; start one with 'deepseek up'", exception);
        }

        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                string message = await RefusalAsync(response, cancellationToken);
                throw new CliException(ExitCode.RequestRefused, $"the cluster refused the request ({(int)response.StatusCode}): {message}");
            }
        }

        return response;
    }

    private static async Task<string> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.GetProperty("error").GetProperty("message").GetString() ?? body;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // not our frontend's error object: some proxy in between speaks
            return body.Length > 200 ? body[..200] : body;
        }
    }
}
