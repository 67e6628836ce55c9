using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Tests.Http;

/// <summary>The shapes of <c>/v1/conversations</c>, as OpenAI's clients know them.</summary>
public sealed class ConversationsTests
{
    private const string Path = "/v1/conversations";
    private const string Unknown = "conv_000000000000000000000000000000000000000000000000";
    private const string TwoItems = """
        {"metadata": {"topic": "seas"},
         "items": [{"type": "message", "role": "developer", "content": "Be brief."},
                   {"role": "assistant", "content": [{"type": "output_text", "text": "Ask "}, {"type": "output_text", "text": "me."}]}]}
        """;

    private const string Page = """
        {"data":[{"id":"msg_#_1","role":"assistant","content":[{"type":"output_text","text":"Ask me.","annotations":[]}],"type":"message","status":"completed"},
        {"id":"msg_#_0","role":"system","content":[{"type":"input_text","text":"Be brief."}],"type":"message","status":"completed"}],
        "has_more":false,"object":"list","first_id":"msg_#_1","last_id":"msg_#_0"}
        """;

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"items": [], "metadata": {}}""")]
    [InlineData("""{"items": null, "metadata": null, "something_new": 1}""")]
    [InlineData("")]
    public async Task Post_NothingAsked_CreatesAnEmptyConversation(string body)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();

        JsonElement created = await TestFrontend.JsonAsync(await frontend.PostAsync(Path, body));

        string id = created.GetProperty("id").GetString()!;
        Assert.Matches("^conv_[0-9a-f]{48}$", id);
        Assert.Equal(
            $$$"""{"id":"{{{id}}}","created_at":{{{created.GetProperty("created_at")}}},"metadata":{},"object":"conversation"}""",
            created.GetRawText());
        Assert.Equal([$"local/{id}"], frontend.Script.Conversations.Keys);
    }

    [Fact]
    public async Task Get_CreatedWithItems_ReturnsThemNewestFirst()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string id = await CreateAsync(frontend, TwoItems);

        JsonElement conversation = await GetAsync(frontend, $"{Path}/{id}");
        JsonElement items = await GetAsync(frontend, $"{Path}/{id}/items");

        Assert.Equal("""{"topic":"seas"}""", conversation.GetProperty("metadata").GetRawText());
        Assert.Equal(
            Page.ReplaceLineEndings("").Replace("#", id["conv_".Length..], StringComparison.Ordinal),
            items.GetRawText());
    }

    [Theory]
    [InlineData("?order=asc&limit=1", "0", true)]
    [InlineData("?order=desc&limit=1", "1", true)]
    [InlineData("?order=asc&after=msg_{0}_0", "1", false)]
    [InlineData("?order=asc&after=msg_{0}_1", "", false)]
    public async Task GetItems_ByPages_CutsThem(string query, string expected, bool hasMore)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string id = await CreateAsync(frontend, TwoItems);

        JsonElement page = await GetAsync(
            frontend, $"{Path}/{id}/items{query.Replace("{0}", id["conv_".Length..], StringComparison.Ordinal)}");

        IEnumerable<string> ids = page.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetString()!.Split('_')[2]);
        Assert.Equal(expected, string.Join(',', ids));
        Assert.Equal(hasMore, page.GetProperty("has_more").GetBoolean());
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=101", "limit")]
    [InlineData("?limit=ten", "limit")]
    [InlineData("?order=random", "order")]
    [InlineData("?after=msg_1", "after")]
    public async Task GetItems_WrongQuery_NamesTheParameter(string query, string parameter)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string id = await CreateAsync(frontend, TwoItems);

        HttpResponseMessage response = await frontend.Http.GetAsync($"{Path}/{id}/items{query}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(parameter, (await TestFrontend.ErrorAsync(response)).GetProperty("param").GetString());
    }

    [Fact]
    public async Task Delete_KnownConversation_SaysSoAndItIsGone()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string id = await CreateAsync(frontend, "{}");

        JsonElement deleted = await TestFrontend.JsonAsync(await frontend.Http.DeleteAsync($"{Path}/{id}"));
        HttpResponseMessage again = await frontend.Http.DeleteAsync($"{Path}/{id}");

        Assert.Equal($$"""{"id":"{{id}}","object":"conversation.deleted","deleted":true}""", deleted.GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Theory]
    [InlineData("""{"items": 1}""", "items")]
    [InlineData("""{"items": [{"type": "reasoning"}]}""", "items[0].type")]
    [InlineData("""{"items": [{"role": "user", "content": "a"}, {"role": "robot", "content": "b"}]}""", "items[1].role")]
    [InlineData("""{"items": [{"role": "user"}]}""", "items[0].content")]
    [InlineData("""{"items": [null]}""", "items[0].role")]
    [InlineData("""{"items": [{"role": "user", "content": [{"type": "input_image"}]}]}""", "items[0].content[0]")]
    [InlineData("""{"metadata": {"a": 1}}""", "metadata.a")]
    [InlineData("""{"metadata": {"a": null}}""", "metadata")]
    public async Task Post_WrongBody_NamesTheParameter(string body, string parameter)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();

        HttpResponseMessage response = await frontend.PostAsync(Path, body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(parameter, (await TestFrontend.ErrorAsync(response)).GetProperty("param").GetString());
        Assert.Empty(frontend.Script.Conversations);
    }

    [Theory]
    [InlineData(20, 16, 64, 512, HttpStatusCode.OK)]
    [InlineData(21, 16, 64, 512, HttpStatusCode.BadRequest)]
    [InlineData(20, 17, 64, 512, HttpStatusCode.BadRequest)]
    [InlineData(20, 16, 65, 512, HttpStatusCode.BadRequest)]
    [InlineData(20, 16, 64, 513, HttpStatusCode.BadRequest)]
    public async Task Post_AroundTheBounds_IsTakenOrRefused(int items, int entries, int key, int value, HttpStatusCode expected)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string body = JsonSerializer.Serialize(new
        {
            items = Enumerable.Repeat(new { role = "user", content = "x" }, items),
            metadata = Enumerable.Range(0, entries).ToDictionary(entry => $"{entry}".PadLeft(key, 'k'), _ => new string('v', value)),
        });

        Assert.Equal(expected, (await frontend.PostAsync(Path, body)).StatusCode);
    }

    [Theory]
    [InlineData(Unknown)]
    [InlineData("conv_1")]
    [InlineData("..%2f..%2fetc")]
    [InlineData("CONV_000000000000000000000000000000000000000000000000")]
    public async Task Send_UnknownOrImpossibleName_IsNotFound(string id)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();

        HttpResponseMessage[] responses =
        [
            await frontend.Http.GetAsync($"{Path}/{id}"),
            await frontend.Http.GetAsync($"{Path}/{id}/items"),
            await frontend.Http.DeleteAsync($"{Path}/{id}"),
        ];

        foreach (HttpResponseMessage response in responses)
        {
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal("conversation_not_found", (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Send_ConversationOfAnotherTenant_DoesNotExist()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(keys: [Key("a"), Key("b")]);
        frontend.Http.DefaultRequestHeaders.Add("Authorization", "Bearer a");
        string id = await CreateAsync(frontend, TwoItems);
        frontend.Http.DefaultRequestHeaders.Remove("Authorization");
        frontend.Http.DefaultRequestHeaders.Add("Authorization", "Bearer b");

        HttpResponseMessage[] foreign =
        [
            await frontend.Http.GetAsync($"{Path}/{id}"),
            await frontend.Http.GetAsync($"{Path}/{id}/items"),
            await frontend.Http.DeleteAsync($"{Path}/{id}"),
            await frontend.PostAsync(
                "/v1/chat/completions",
                $$"""{"model": "demo", "messages": [{"role": "user", "content": "What did we say?"}], "conversation": "{{id}}"}"""),
        ];

        Assert.All(foreign, response => Assert.Equal(HttpStatusCode.NotFound, response.StatusCode));
        Assert.Equal([$"tenant-a/{id}"], frontend.Script.Conversations.Keys);
    }

    [Theory]
    [InlineData("create", "POST")]
    [InlineData("read", "GET")]
    [InlineData("delete", "DELETE")]
    public async Task Send_StoreIsAway_IsUnavailableAndSaysWhatNeedsIt(string call, string method)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string id = await CreateAsync(frontend, "{}");
        frontend.Script.ConversationFailures[call] = ConversationOutcome.StoreAway;

        HttpResponseMessage response = await frontend.Http.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), method == "POST" ? Path : $"{Path}/{id}"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("3", response.Headers.GetValues("Retry-After").Single());
        JsonElement error = await TestFrontend.ErrorAsync(response);
        Assert.Equal("conversation_store_unavailable", error.GetProperty("code").GetString());
        Assert.Contains("conversations need their store", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task<string> CreateAsync(TestFrontend frontend, string body) =>
        (await TestFrontend.JsonAsync(await frontend.PostAsync(Path, body))).GetProperty("id").GetString()!;

    private static async Task<JsonElement> GetAsync(TestFrontend frontend, string path) =>
        await TestFrontend.JsonAsync(await frontend.Http.GetAsync(path));

    private static ApiKeyOptions Key(string key) =>
        new() { Tenant = $"tenant-{key}", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key))) };
}
