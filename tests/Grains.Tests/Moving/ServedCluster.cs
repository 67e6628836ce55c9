using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Frontend;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Grains.Tests.Cluster;
using DeepSeekOrleans.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Grains.Tests.Moving;

/// <summary>A cluster as its users see it: silos with real engines over a small deterministic model, and real frontends.</summary>
internal sealed class ServedCluster : IAsyncDisposable
{
    // of the demo model, whose tokenizer the frontend uses
    public const int Vocabulary = 4096;

    // tests hold the engines until all of their clients are there
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly List<WebApplication> _frontends = [];
    private readonly List<HttpClient> _clients = [];

    private ServedCluster(ClusterUnderTest cluster) => Cluster = cluster;

    public ClusterUnderTest Cluster { get; }

    /// <summary>Of the first frontend.</summary>
    public HttpClient Http => _clients[0];

    /// <summary>Clients that read an answer, at all frontends.</summary>
    public int Readers => _frontends.Sum(frontend => frontend.Services.GetRequiredService<ComputedAnswers>().Readers);

    /// <summary>Attempts whose workers say nothing, at all frontends.</summary>
    public int SilentAttempts => _frontends.Sum(frontend => frontend.Services.GetRequiredService<TokenHub>().SilentAttempts);

    /// <param name="silence">How long a frontend waits for a silent worker; null as it does by itself.</param>
    public static Task<ServedCluster> StartAsync(short silos, int frontends = 1, TimeSpan? silence = null, params ApiKeyOptions[] keys) =>
        StartAsync(silos, new EngineRoom { Vocabulary = Vocabulary, StallLimit = Patience }, null, frontends, silence, keys);

    public static async Task<ServedCluster> StartAsync(
        short silos, EngineRoom? engines, Action<InProcessTestClusterBuilder>? build = null, int frontends = 1, TimeSpan? silence = null, params ApiKeyOptions[] keys)
    {
        ClusterUnderTest cluster = await ClusterUnderTest.StartAsync(
            silos, engines ?? new EngineRoom { Vocabulary = Vocabulary }, build: build);
        var served = new ServedCluster(cluster);
        for (int i = 0; i < frontends; i++)
        {
            WebApplication frontend = await StartFrontendAsync(cluster, silence, keys);
            served._frontends.Add(frontend);
            served._clients.Add(new HttpClient { BaseAddress = new Uri(frontend.Urls.First()), Timeout = TimeSpan.FromMinutes(1) });
        }

        return served;
    }

    /// <summary>Reads an answer to its end.</summary>
    /// <param name="begun">Called with each piece of text.</param>
    /// <param name="frontend">Which of the frontends is asked, from 0.</param>
    /// <returns>The text, the reason of its end or the error's code, and the tokens of the usage.</returns>
    public async Task<ServedAnswer> CompleteAsync(
        string body, Action<string> begun, int frontend = 0, string? key = null, CancellationToken cancellationToken = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response =
            await _clients[frontend].SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var answer = new ServedAnswer("", "", 0);
        while (await lines.ReadLineAsync(cancellationToken) is { } line && line != "data: [DONE]")
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
            {
                continue;
            }

            JsonElement chunk = JsonDocument.Parse(line["data: ".Length..]).RootElement;
            if (chunk.TryGetProperty("error", out JsonElement error))
            {
                return answer with { End = error.GetProperty("code").GetString()! };
            }

            answer = Add(answer, chunk);
            begun(answer.Text);
        }

        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        foreach (WebApplication frontend in _frontends)
        {
            await frontend.StopAsync();
            await frontend.DisposeAsync();
        }

        await Cluster.DisposeAsync();
    }

    private static ServedAnswer Add(ServedAnswer answer, JsonElement chunk)
    {
        foreach (JsonElement choice in chunk.GetProperty("choices").EnumerateArray())
        {
            answer = answer with
            {
                Text = answer.Text + choice.GetProperty("text").GetString(),
                End = choice.GetProperty("finish_reason").GetString() ?? answer.End,
                IsShared = choice.TryGetProperty("evidence", out JsonElement evidence) && evidence.GetProperty("shared").GetBoolean(),
            };
        }

        return chunk.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object
            ? answer with { Tokens = usage.GetProperty("completion_tokens").GetInt32() }
            : answer;
    }

    private static async Task<WebApplication> StartFrontendAsync(ClusterUnderTest cluster, TimeSpan? silence, ApiKeyOptions[] keys)
    {
        WebApplicationBuilder web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        web.Services.AddSingleton<IGrainFactory>(cluster.Cluster.Client);
        web.AddDeepSeekFrontend(options =>
        {
            (options.HttpPort, options.GrpcPort) = (0, 0);
            options.RehearsalLimit = TimeSpan.Zero;
            options.Models = [new ServedModelOptions { Name = ClusterUnderTest.Model, Directory = Repository.DemoModel, ContextLength = 2048 }];
        });
        web.Services.Configure<AdmissionOptions>(admission => admission.Keys = [.. keys]);

        // the small model is faster than a client of a busy machine reads
        web.Services.Configure<StreamOptions>(streams =>
        {
            streams.MaxUnreadTokens = 1024;
            streams.BeatTimeout = silence ?? streams.BeatTimeout;
        });
        WebApplication frontend = web.Build();
        frontend.MapDeepSeekFrontend();
        await frontend.StartAsync();
        return frontend;
    }
}

internal sealed record ServedAnswer(string Text, string End, int Tokens, bool IsShared = false);
