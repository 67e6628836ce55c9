using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Cli.Up;

namespace DeepSeekOrleans.Benchmarks.Path;

/// <summary>The workload over HTTP, as an OpenAI client sends it.</summary>
internal sealed class HttpStreams(ReadyCluster cluster) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(cluster.Http), Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Returns the number of tokens that the cluster says it generated.</summary>
    public async Task<int> RunAsync(int round)
    {
        int[] tokens = await Task.WhenAll(Enumerable.Range(0, Workload.Streams).Select(stream => RunStreamAsync(stream, round)));
        return tokens.Sum();
    }

    public void Dispose() => _http.Dispose();

    private async Task<int> RunStreamAsync(int stream, int round)
    {
        int tokens = 0;
        for (int request = 0; request < Workload.RequestsPerStream; request++)
        {
            tokens += await RequestAsync(stream, Workload.Seed(stream, request, round));
        }

        return tokens;
    }

    private async Task<int> RequestAsync(int stream, int seed)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, "v1/chat/completions")
        {
            Content = JsonContent.Create(new
            {
                model = cluster.Model,
                messages = new[] { new { role = "user", content = Workload.Question(stream) } },
                temperature = Workload.Temperature,
                top_p = 1,
                seed,
                max_tokens = Workload.MaxTokens,
                stream = true,
                stream_options = new { include_usage = true },
            }),
        };
        using HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
        string? usage = null;
        while (await reader.ReadLineAsync() is { } line && line != "data: [DONE]")
        {
            usage = line.Contains("\"completion_tokens\":", StringComparison.Ordinal) ? line : usage;
        }

        using JsonDocument last = JsonDocument.Parse(usage!["data: ".Length..]);
        return last.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
    }
}
