using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Frontend.Tests.Http;

/// <summary>Equal requests at the same time: one answer is computed, and all of them read it.</summary>
public sealed class SharingTests
{
    private const string Path = "/v1/completions";
    private const string Greedy = """
        {"model": "demo", "prompt": "x", "temperature": 0, "stream": true, "stream_options": {"include_usage": true}, "evidence": true}
        """;

    // tokens of a dozen bytes each: more than the buffers between a frontend and a client hold
    private const int Enough = 2_000_000;

    private static readonly int[] Hello = Answer.Ids("Hello");
    private static readonly int[] There = Answer.Ids(" there");

    [Theory]
    [InlineData("\"temperature\": 0")]
    [InlineData("\"temperature\": 1, \"seed\": 5, \"cache\": true")]
    public async Task Share_AHundredEqualRequestsAtOnce_AreComputedOnceAndCountedEach(string sampling)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string body = Greedy.Replace("\"temperature\": 0", sampling, StringComparison.Ordinal);

        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => frontend.OpenAsync(Path, body)));
        StartedStream started = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, Hello, null);
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, [.. There, Answer.EndToken], StreamFinish.Stop);
        SharedText[] texts = await Task.WhenAll(responses.Select(ReadAsync));

        Assert.Single(frontend.Script.Requests);
        Assert.All(texts, text => Assert.Equal(("Hello there", Hello.Length + There.Length + 1), (text.Text, text.CompletionTokens)));
        Assert.Single(texts, text => !text.IsShared);
        Assert.All(texts, text => Assert.Equal(text.IsShared ? text.PromptTokens : ClusterScript.Facts.CachedTokens, text.CachedTokens));
        Completion completion = await frontend.Script.NextCompletionAsync();
        Assert.Equal([.. Hello, .. There, Answer.EndToken], completion.Response!.TokenIds);
    }

    [Fact]
    public async Task Share_FirstClientLeaves_TheOtherReadsOn()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        HttpResponseMessage first = await frontend.OpenAsync(Path, Greedy);
        StartedStream started = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, Hello, null);
        using HttpResponseMessage second = await frontend.OpenAsync(Path, Greedy);

        await LeaveAsync(frontend, first, left: 1);
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, [.. There, Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello there", (await ReadAsync(second)).Text);
        Assert.Single(frontend.Script.Requests);
        Assert.NotNull((await frontend.Script.NextCompletionAsync()).Response);
    }

    [Fact]
    public async Task Share_FollowerLeaves_TheFirstClientReadsOn()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using HttpResponseMessage first = await frontend.OpenAsync(Path, Greedy);
        StartedStream started = await frontend.Script.NextStartAsync();
        HttpResponseMessage second = await frontend.OpenAsync(Path, Greedy);

        await LeaveAsync(frontend, second, left: 1);
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, [.. Hello, Answer.EndToken], StreamFinish.Stop);

        Assert.Equal("Hello", (await ReadAsync(first)).Text);
    }

    [Fact]
    public async Task R08_AllClientsOfASharedAnswerLeave_ItIsCancelledOnceAndTheNextOneBegins()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => frontend.OpenAsync(Path, Greedy)));
        StartedStream started = await frontend.Script.NextStartAsync();

        Array.ForEach(responses, response => response.Dispose());

        Assert.Equal(started.Attempt, await frontend.Script.NextCancellationAsync());
        Completion completion = await frontend.Script.NextCompletionAsync();
        Assert.Equal((started.Attempt, true, null), (completion.Attempt, completion.WorkerAnswered, completion.Response));
        using HttpResponseMessage next = await frontend.OpenAsync(Path, Greedy);
        Assert.NotEqual(started.Attempt.RequestId, (await frontend.Script.NextStartAsync()).Attempt.RequestId);
    }

    [Fact]
    public async Task Share_WorkerLost_AllGoOnWithTheNextOne()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => frontend.OpenAsync(Path, Greedy)));
        StartedStream first = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(first.Attempt.StreamId, Hello, StreamFinish.WorkerStopping);

        StartedStream second = await frontend.Script.NextStartAsync();
        await frontend.Worker.SpeakAsync(second.Attempt.StreamId, [.. There, Answer.EndToken], StreamFinish.Stop);
        SharedText[] texts = await Task.WhenAll(responses.Select(ReadAsync));

        Assert.All(texts, text => Assert.Equal("Hello there", text.Text));
        Assert.Equal(Hello, second.Order.EmittedIds);
        Assert.Equal(2, frontend.Script.Requests.Count);
    }

    [Theory]
    [InlineData("\"max_tokens\": 7")]
    [InlineData("\"temperature\": 1, \"seed\": 5, \"cache\": true")]
    [InlineData("\"stop\": \"zz\"")]
    [InlineData("\"cache\": false")]
    public async Task Share_OtherParameters_AreComputedApart(string other)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using HttpResponseMessage first = await frontend.OpenAsync(Path, """{"model": "demo", "prompt": "x", "stream": true, "temperature": 0}""");
        string changed = other.StartsWith("\"temperature\"", StringComparison.Ordinal) ? other : $"\"temperature\": 0, {other}";
        using HttpResponseMessage second = await frontend.OpenAsync(Path, $$"""{"model": "demo", "prompt": "x", "stream": true, {{changed}}}""");

        StartedStream[] started = [await frontend.Script.NextStartAsync(), await frontend.Script.NextStartAsync()];

        Assert.NotEqual(started[0].Attempt.StreamId, started[1].Attempt.StreamId);
    }

    [Fact]
    public async Task Share_TwoTenants_AreComputedApart()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(keys: [Key("a", "key-a"), Key("b", "key-b")]);
        using HttpResponseMessage a = await OpenAsync(frontend, "key-a");
        using HttpResponseMessage b = await OpenAsync(frontend, "key-b");

        StartedStream[] started = [await frontend.Script.NextStartAsync(), await frontend.Script.NextStartAsync()];

        Assert.Equal(["a", "b"], started.Select(stream => stream.Order.Tenant).Order());
    }

    [Fact]
    public async Task Share_NoWorkerTakesIt_AllAreRefusedAndTheNextOneIsTriedAnew()
    {
        var script = new ClusterScript { Route = _ => new Dispatch { Kind = DispatchKind.Busy } };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);

        HttpResponseMessage[] refused = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => frontend.OpenAsync(Path, Greedy)));
        script.Route = null;
        using HttpResponseMessage next = await frontend.OpenAsync(Path, Greedy);

        Assert.All(refused, response => Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode));
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task R09_FollowerDoesNotRead_IsCutAndTheOthersReadOn()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(streams: streams => streams.MaxUnreadTokens = 1024);
        using HttpResponseMessage reading = await frontend.OpenAsync(Path, Greedy);
        using HttpResponseMessage stuck = await frontend.OpenAsync(Path, Greedy);
        StartedStream started = await frontend.Script.NextStartAsync();
        using var lines = new StreamReader(await reading.Content.ReadAsStreamAsync());

        // large messages fill the connection's buffers sooner
        int[] ids = [.. Enumerable.Repeat(Answer.Ids(" unbelievably")[0], 1000)];
        int spoken = 0;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Readers(frontend) > 1)
        {
            Assert.False(limit.IsCancellationRequested, $"the client that does not read was not cut within {spoken} tokens");

            // once the buffers are full it waits in the middle of a write, which the server ends after some seconds
            int[] next = spoken < Enough ? ids : ids[..1];
            await frontend.Worker.SpeakAsync(started.Attempt.StreamId, next, null);
            spoken += next.Length;
            Assert.Contains("\"text\"", await NextEventAsync(lines), StringComparison.Ordinal);
        }

        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);
        Assert.Contains("\"finish_reason\":\"stop\"", await lines.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static int Readers(TestFrontend frontend) => frontend.Services.GetRequiredService<ComputedAnswers>().Readers;

    /// <summary>Closes a client's connection and waits until the frontend has noticed.</summary>
    private static async Task LeaveAsync(TestFrontend frontend, HttpResponseMessage response, int left)
    {
        response.Dispose();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (Readers(frontend) > left)
        {
            Assert.False(limit.IsCancellationRequested, $"{Readers(frontend)} clients are still there");
            await Task.Yield();
        }
    }

    private static Task<HttpResponseMessage> OpenAsync(TestFrontend frontend, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(Greedy, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return frontend.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static ApiKeyOptions Key(string tenant, string key) =>
        new() { Tenant = tenant, Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key))) };

    private static async Task<string> NextEventAsync(StreamReader lines)
    {
        string? line;
        do
        {
            line = await lines.ReadLineAsync();
            Assert.NotNull(line);
        }
        while (!line.StartsWith("data: ", StringComparison.Ordinal));
        return line;
    }

    private static async Task<SharedText> ReadAsync(HttpResponseMessage response)
    {
        string[] events = [.. (await response.Content.ReadAsStringAsync()).Split("\n\n").Where(block => block.StartsWith("data: {", StringComparison.Ordinal))];
        JsonElement[] chunks = [.. events.Select(block => JsonDocument.Parse(block["data: ".Length..]).RootElement)];
        JsonElement[] choices = [.. chunks[..^1].Select(chunk => chunk.GetProperty("choices")[0])];
        JsonElement usage = chunks[^1].GetProperty("usage");
        return new SharedText(
            string.Concat(choices.Select(choice => choice.GetProperty("text").GetString())),
            choices[^1].GetProperty("evidence").GetProperty("shared").GetBoolean(),
            usage.GetProperty("prompt_tokens").GetInt32(),
            usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32(),
            usage.GetProperty("completion_tokens").GetInt32());
    }

    private sealed record SharedText(string Text, bool IsShared, int PromptTokens, int CachedTokens, int CompletionTokens);
}
