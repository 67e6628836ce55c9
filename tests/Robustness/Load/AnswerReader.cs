using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeepSeekOrleans.Robustness.Load;

/// <param name="Code">The finish reason of a complete answer, else why it is not.</param>
internal sealed record AnswerEnd(Histories.Outcome Outcome, string Code, int? Tokens = null);

/// <summary>Reads one streamed answer as any client of the API does.</summary>
internal sealed class AnswerReader(HttpClient http, string model)
{
    // an answer that moves may ask for a worker for 30 s; whatever is silent for longer hangs, and signs of life count as silence
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(45);

    public async Task<AnswerEnd> ReadAsync(PromptCase prompt, Action<string> opened, Action<string> came)
    {
        using CancellationTokenSource silence = new(SilenceLimit);
        try
        {
            using StringContent body = new(prompt.ToJson(model), Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
            using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = body };
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
            opened(response.Headers.GetValues("x-request-id").First());
            if (!response.IsSuccessStatusCode)
            {
                JsonNode refusal = JsonNode.Parse(await response.Content.ReadAsStringAsync(silence.Token))!;
                return new AnswerEnd(Histories.Outcome.Refused, $"{(int)response.StatusCode} {refusal["error"]!["code"]}");
            }

            using StreamReader lines = new(await response.Content.ReadAsStreamAsync(silence.Token));
            return await ReadAsync(lines, came, silence);
        }
        catch (OperationCanceledException)
        {
            return new AnswerEnd(Histories.Outcome.Unknown, $"hangs: nothing for {SilenceLimit.TotalSeconds} s");
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or JsonException)
        {
            return new AnswerEnd(Histories.Outcome.Unknown, $"{cut.GetType().Name}: {cut.Message}");
        }
    }

    private static async Task<AnswerEnd> ReadAsync(StreamReader lines, Action<string> came, CancellationTokenSource silence)
    {
        string? finish = null;
        int? tokens = null;
        while (await lines.ReadLineAsync(silence.Token) is { } line)
        {
            if (line == "data: [DONE]")
            {
                return new AnswerEnd(Histories.Outcome.Complete, finish ?? "no finish reason", tokens);
            }

            if (!line.StartsWith("data: {", StringComparison.Ordinal))
            {
                continue;
            }

            silence.CancelAfter(SilenceLimit);
            JsonNode chunk = JsonNode.Parse(line["data: ".Length..])!;
            if (chunk["error"] is { } error)
            {
                return new AnswerEnd(Histories.Outcome.Failed, $"{error["code"]}");
            }

            tokens = (int?)chunk["usage"]?["completion_tokens"] ?? tokens;
            if (chunk["choices"] is JsonArray { Count: > 0 } choices)
            {
                finish = (string?)choices[0]!["finish_reason"] ?? finish;
                came((string)choices[0]!["text"]!);
            }
        }

        return new AnswerEnd(Histories.Outcome.Unknown, "the connection ended before the answer");
    }
}
