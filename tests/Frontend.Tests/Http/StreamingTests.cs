using System.Net;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Tests.Http;

public sealed class StreamingTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";
    private const string Hello = """{"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "stream": true}""";
    private const string Prompt = """{"model": "demo", "prompt": "x", "stream": true}""";

    [Theory]
    [InlineData(Chat, """{"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "stream": true, "evidence": true}""")]
    [InlineData(Text, """{"model": "demo", "prompt": "x", "stream": true, "evidence": true}""")]
    public async Task Stream_EvidenceAskedFor_ComesWithTheFinishAlone(string path, string body)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("Hello you") });

        using HttpResponseMessage response = await frontend.OpenAsync(path, body);
        JsonElement[] choices = [.. (await EventsAsync(response))[..^1].Select(Parse).Select(chunk => chunk.GetProperty("choices")[0])];

        Assert.Equal("weights", choices[^1].GetProperty("evidence").GetProperty("model_version").GetString());
        Assert.All(choices[..^1], choice => Assert.False(choice.TryGetProperty("evidence", out _)));
    }

    [Fact]
    public async Task Stream_Chat_IsRoleThenDeltasThenFinishThenDone()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            new ClusterScript { Answer = _ => Answer.Of("Thinking.\n</think>\n\nHello \"you\"\n") });

        using HttpResponseMessage response = await frontend.OpenAsync(Chat, Hello);
        List<string> events = await EventsAsync(response);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Equal("[DONE]", events[^1]);
        JsonElement[] chunks = [.. events[..^1].Select(Parse)];
        Assert.Equal("""{"role":"assistant","content":""}""", Delta(chunks[0]).GetRawText());
        Assert.Equal("{}", Delta(chunks[^1]).GetRawText());
        Assert.Equal("stop", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal("Thinking.", Joined(chunks, "reasoning_content").TrimEnd());
        Assert.Equal("Hello \"you\"\n", Joined(chunks, "content"));
        Assert.All(chunks, chunk => Assert.False(chunk.TryGetProperty("usage", out _)));
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
    }

    [Fact]
    public async Task Stream_WithUsage_HasNullUsageInAllEventsButTheLast()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("a</think>b") });

        using HttpResponseMessage response = await frontend.OpenAsync(Chat, Hello[..^1] + """, "stream_options": {"include_usage": true}}""");
        List<string> events = await EventsAsync(response);

        JsonElement[] chunks = [.. events[..^1].Select(Parse)];
        Assert.All(chunks[..^1], chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.Equal(6, chunks[^1].GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Stream_SeveralChoices_EachHasItsOwnEvents()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            new ClusterScript { Answer = order => Answer.Of($"</think>seed {order.Sampling.Seed}") });

        using HttpResponseMessage response = await frontend.OpenAsync(Chat, Hello[..^1] + """, "n": 3, "seed": 1, "temperature": 1}""");
        JsonElement[] chunks = [.. (await EventsAsync(response))[..^1].Select(Parse)];

        for (int index = 0; index < 3; index++)
        {
            JsonElement[] own = [.. chunks.Where(chunk => chunk.GetProperty("choices")[0].GetProperty("index").GetInt32() == index)];
            Assert.Equal($"seed {index + 1}", Joined(own, "content"));
            Assert.Equal("stop", own[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        }
    }

    [Fact]
    public async Task Stream_Text_HasNoOpeningEvent()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Cut("Hello there") });

        using HttpResponseMessage response = await frontend.OpenAsync(Text, Prompt);
        List<string> events = await EventsAsync(response);

        JsonElement[] choices = [.. events[..^1].Select(Parse).Select(chunk => chunk.GetProperty("choices")[0])];
        Assert.Equal("Hello there", string.Concat(choices.Select(choice => choice.GetProperty("text").GetString())));
        Assert.Equal("length", choices[^1].GetProperty("finish_reason").GetString());
        Assert.Equal("[DONE]", events[^1]);
    }

    [Fact]
    public async Task Stream_Obfuscated_HasTextEventsOfOneSize()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            new ClusterScript { Answer = _ => Answer.Of("A tokenization unbelievably \"irregular\" example ü") });

        using HttpResponseMessage response = await frontend.OpenAsync(Text, Prompt[..^1] + """, "stream_options": {"include_obfuscation": true}}""");
        List<string> events = await EventsAsync(response);

        int[] sizes = [.. events[..^2].Select(line => System.Text.Encoding.UTF8.GetByteCount(line)).Distinct()];
        Assert.Single(sizes);
    }

    [Fact]
    public async Task Stream_TokenByToken_ArrivesAsItIsSpoken()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using HttpResponseMessage response = await frontend.OpenAsync(Text, Prompt);
        StartedStream started = await frontend.Script.NextStartAsync();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, Answer.Ids("Hello"), null);
        string? first = await NextEventAsync(reader);
        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, [Answer.EndToken], StreamFinish.Stop);

        Assert.Contains("Hello", first, StringComparison.Ordinal);
        Assert.Contains("\"finish_reason\":\"stop\"", await NextEventAsync(reader), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_WorkerFails_EndsWithAnErrorEventAndNoDone()
    {
        var script = new ClusterScript { Answer = _ => new ScriptedAnswer(Answer.Ids("Hello there"), StreamFinish.ModelFault) };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);

        using HttpResponseMessage response = await frontend.OpenAsync(Text, Prompt);
        List<string> events = await EventsAsync(response);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement error = Parse(events[^1]).GetProperty("error");
        Assert.Equal("model_fault", error.GetProperty("code").GetString());
        Assert.Equal("Hello there", string.Concat(events[..^1].Select(line => Parse(line).GetProperty("choices")[0].GetProperty("text").GetString())));
    }

    [Fact]
    public async Task Stream_ClientLeaves_CancelsTheAttemptAndGivesTheBookingBack()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        HttpResponseMessage response = await frontend.OpenAsync(Text, Prompt);
        StartedStream started = await frontend.Script.NextStartAsync();

        response.Dispose();

        Assert.Equal(started.Attempt, await frontend.Script.NextCancellationAsync());
        Completion completion = await frontend.Script.NextCompletionAsync();
        Assert.True(completion.WorkerAnswered);
        Assert.Null(completion.Response);
    }

    [Fact]
    public async Task Stream_ClientDoesNotRead_IsCutAndItsAttemptCancelled()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(streams: streams => streams.MaxUnreadTokens = 16);
        using HttpResponseMessage response = await frontend.OpenAsync(Text, Prompt);
        StartedStream started = await frontend.Script.NextStartAsync();
        using var stop = new CancellationTokenSource();

        Task<Attempt> cancellation = frontend.Script.NextCancellationAsync();
        Task speaking = SpeakUntilAsync(frontend, started.Attempt.StreamId, stop.Token);
        Attempt cancelled = await cancellation;
        await stop.CancelAsync();
        await speaking;

        Assert.Equal(started.Attempt, cancelled);
    }

    private static async Task SpeakUntilAsync(TestFrontend frontend, long streamId, CancellationToken stop)
    {
        int[] ids = [.. Enumerable.Repeat(Answer.Ids(" unbelievably")[0], 16)];
        while (!stop.IsCancellationRequested)
        {
            await frontend.Worker.SpeakAsync(streamId, ids, null);
        }
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");

    private static string Joined(IEnumerable<JsonElement> chunks, string field) =>
        string.Concat(chunks.Select(chunk => Delta(chunk).TryGetProperty(field, out JsonElement text) ? text.GetString() : ""));

    private static async Task<string?> NextEventAsync(StreamReader reader)
    {
        string? line = await reader.ReadLineAsync();
        await reader.ReadLineAsync();
        return line;
    }

    /// <summary>The data of all events; each must be one line followed by an empty one.</summary>
    private static async Task<List<string>> EventsAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.EndsWith("\n\n", body, StringComparison.Ordinal);
        string[] blocks = body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(blocks, block => Assert.True(block.StartsWith("data: ", StringComparison.Ordinal) || block[0] == ':', block));
        return [.. blocks.Where(block => block[0] != ':').Select(block => block["data: ".Length..])];
    }
}
