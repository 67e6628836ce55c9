using System.Net;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.Grains.Tests.Cluster;
using DeepSeekOrleans.Grains.Tests.Moving;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Grains.Tests.Sessions;

/// <summary>Stored conversations as a client of the whole cluster sees them.</summary>
public sealed class ConversationClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [RedisTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Chat_SiloKilledBetweenTurns_GoesOnAsWithAllMessagesSent(int victim)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ServedCluster served = await ServedCluster.StartAsync(3, engines: null, build: Keep(redis.Address, "killed"));
        string id = await CreateAsync(served);
        Answer first = await SayAsync(served, Turn("Hi", id));

        await served.Cluster.Cluster.KillSiloAsync(served.Cluster.Cluster.Silos[victim]);
        Answer second = await SayAsync(served, Turn("And now?", id));

        string[] said = ["Hi", first.Content, "And now?"];
        Assert.Equal(await SayAsync(served, Whole(said)), second);
        Assert.NotEqual(await SayAsync(served, Whole("And now?")), second);
        string[] items = await ItemsAsync(served, id);
        Assert.Equal([.. said, second.Content], items);
    }

    [RedisFact]
    public async Task Chat_AllSilosRestart_StillKnowsTheConversation()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        string id;
        Answer first;
        await using (ServedCluster before = await ServedCluster.StartAsync(2, engines: null, build: Keep(redis.Address, "restarted")))
        {
            id = await CreateAsync(before);
            first = await SayAsync(before, Turn("Hi", id));
        }

        await using ServedCluster after = await ServedCluster.StartAsync(2, engines: null, build: Keep(redis.Address, "restarted"));
        Answer second = await SayAsync(after, Turn("And now?", id));

        Assert.Equal(await SayAsync(after, Whole("Hi", first.Content, "And now?")), second);
        string[] items = await ItemsAsync(after, id);
        Assert.Equal(["Hi", first.Content, "And now?", second.Content], items);
    }

    [RedisFact]
    public async Task Chat_TwoTurnsAtOnce_OneIsRefusedAndTheOtherStored()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ServedCluster served = await ServedCluster.StartAsync(2, engines: null, build: Keep(redis.Address, "busy"));
        string id = await CreateAsync(served);
        served.Cluster.Engines.Hold();
        Task<HttpResponseMessage>[] both = [PostAsync(served, Turn("one", id)), PostAsync(served, Turn("other", id))];

        HttpResponseMessage refused = await (await Task.WhenAny(both).WaitAsync(Limit));
        served.Cluster.Engines.Release();
        HttpResponseMessage[] all = await Task.WhenAll(both).WaitAsync(Limit);

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Single(all, response => response.StatusCode == HttpStatusCode.OK);
        Assert.Equal(2, (await ItemsAsync(served, id)).Length);
    }

    [RedisFact]
    public async Task R05_RedisIsKilled_ConversationsAreUnavailableAndOtherChatsAreNot()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ServedCluster served = await ServedCluster.StartAsync(2, engines: null, build: Keep(redis.Address, "away"));
        string id = await CreateAsync(served);
        await redis.KillAsync();

        HttpResponseMessage refused = await PostAsync(served, Turn("Hi", id));
        HttpResponseMessage plain = await PostAsync(served, Whole("Hi"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("1", refused.Headers.GetValues("Retry-After").Single());
        Assert.Contains("conversation_store_unavailable", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
    }

    private static Action<InProcessTestClusterBuilder> Keep(string redis, string cluster) => builder =>
    {
        builder.Options.ClusterId = cluster;
        builder.ConfigureSiloHost((_, silo) => silo.Services.Configure<StorageOptions>(options => options.Redis = redis));
    };

    private static async Task<string> CreateAsync(ServedCluster served)
    {
        HttpResponseMessage response = await served.Http.PostAsync(
            "/v1/conversations", new StringContent("{}", Encoding.UTF8, "application/json"));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonElement.Parse(body).GetProperty("id").GetString()!;
    }

    private static string Turn(string text, string conversation) => Body([Message("user", text)], conversation);

    /// <param name="said">By user and assistant in turn.</param>
    private static string Whole(params string[] said) => Body([.. said.Select((text, index) => Message(index % 2 == 0 ? "user" : "assistant", text))], null);

    private static object Message(string role, string content) => new { role, content };

    // a kept answer would tell nothing about the prompt that a worker was given
    private static string Body(object[] messages, string? conversation) => JsonSerializer.Serialize(
        new { model = ClusterUnderTest.Model, messages, conversation, temperature = 0, max_tokens = 24, cache = false });

    private static Task<HttpResponseMessage> PostAsync(ServedCluster served, string body) =>
        served.Http.PostAsync("/v1/chat/completions", new StringContent(body, Encoding.UTF8, "application/json"));

    /// <summary>Asks again for as long as the killed silo is still believed to live.</summary>
    private static async Task<Answer> SayAsync(ServedCluster served, string body)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            HttpResponseMessage response = await PostAsync(served, body);
            string text = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode)
            {
                JsonElement message = JsonElement.Parse(text).GetProperty("choices")[0].GetProperty("message");
                string thought = message.TryGetProperty("reasoning_content", out JsonElement reasoning) ? reasoning.GetString()! : "";
                return new Answer(message.GetProperty("content").GetString()!, thought);
            }

            Assert.True(response.StatusCode == HttpStatusCode.ServiceUnavailable && !limit.IsCancellationRequested, text);
        }
    }

    private static async Task<string[]> ItemsAsync(ServedCluster served, string id)
    {
        string items = await served.Http.GetStringAsync($"/v1/conversations/{id}/items?order=asc");
        return [.. JsonElement.Parse(items).GetProperty("data").EnumerateArray().Select(item => item.GetProperty("content")[0].GetProperty("text").GetString()!)];
    }

    /// <summary>Short answers of the test's model often end within the thought, which is compared but not stored.</summary>
    private sealed record Answer(string Content, string Thought);
}
