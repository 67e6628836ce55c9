using System.Net;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Grpc.V1;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.Frontend.Tests.Grpc;
using DeepSeekOrleans.GrainInterfaces;
using Grpc.Core;

namespace DeepSeekOrleans.Frontend.Tests.Http;

/// <summary>Chats that go on with a stored conversation.</summary>
public sealed class ConversationTurnTests
{
    private const string Path = "/v1/chat/completions";
    private const string Thought = "A greeting.\n</think>\n\nHello!";

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Post_TwoTurns_SecondHasTheFirstBeforeItWithoutItsReasoning(bool stream, bool asObject)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of(Thought) });
        string id = await CreateAsync(frontend);
        string conversation = asObject ? $$"""{"id": "{{id}}"}""" : $"\"{id}\"";

        string first = await TextAsync(frontend, Body("Hi", conversation, stream));
        string second = await TextAsync(frontend, Body("And now?", conversation, stream));
        string whole = await TextAsync(frontend, """
            {"model": "demo", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"},
             {"role": "user", "content": "And now?"}]}
            """);

        Assert.All([first, second, whole], answer => Assert.Contains("Hello!", answer, StringComparison.Ordinal));
        await frontend.Script.NextStartAsync();
        int[] continued = (await frontend.Script.NextStartAsync()).Order.PromptIds;
        Assert.Equal((await frontend.Script.NextStartAsync()).Order.PromptIds, continued);
        Assert.Equal(
            ["user Hi", "assistant Hello!", "user And now?", "assistant Hello!"],
            frontend.Script.Conversations.Single().Value.Messages.Select(message => $"{message.Role} {message.Content}"));
    }

    [Fact]
    public async Task Post_WithConversation_RunsInItsSession()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of(Thought) });
        string id = await CreateAsync(frontend);

        HttpResponseMessage response = await frontend.PostAsync(Path, Body("Hi", $"\"{id}\""));

        ConversationTurn turn = frontend.Script.Conversations[$"local/{id}"].Turns.Single();
        Assert.Equal(response.Headers.GetValues("x-request-id").Single(), turn.Id);
    }

    [Theory]
    [InlineData("open", ConversationOutcome.Conflict, 409, "conversation_conflict")]
    [InlineData("open", ConversationOutcome.Full, 400, "conversation_full")]
    [InlineData("open", ConversationOutcome.StoreAway, 503, "conversation_store_unavailable")]
    [InlineData("append", ConversationOutcome.Conflict, 409, "conversation_conflict")]
    [InlineData("append", ConversationOutcome.Full, 400, "conversation_full")]
    [InlineData("append", ConversationOutcome.Unknown, 404, "conversation_not_found")]
    public async Task Post_TurnIsRefused_IsAnErrorAndNothingIsAdded(string call, ConversationOutcome outcome, int status, string code)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of(Thought) });
        string id = await CreateAsync(frontend);
        frontend.Script.ConversationFailures[call] = outcome;

        HttpResponseMessage response = await frontend.PostAsync(Path, Body("Hi", $"\"{id}\""));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
        Assert.Equal(outcome == ConversationOutcome.StoreAway, response.Headers.Contains("Retry-After"));
        Assert.Empty(frontend.Script.Conversations.Single().Value.Turns);
    }

    [Fact]
    public async Task Post_StreamedTurnLosesTheRace_EndsWithAnErrorInPlaceOfItsEnd()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of(Thought) });
        string id = await CreateAsync(frontend);
        frontend.Script.ConversationFailures["append"] = ConversationOutcome.Conflict;

        HttpResponseMessage response = await frontend.PostAsync(Path, Body("Hi", $"\"{id}\"", stream: true));
        string events = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("Hello!", events, StringComparison.Ordinal);
        Assert.EndsWith("\"param\":\"conversation\",\"code\":\"conversation_conflict\"}}\n\n", events, StringComparison.Ordinal);
        Assert.DoesNotContain("\"finish_reason\":\"stop\"", events, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_StoreIsAwayForAMomentAtTheEnd_WaitsForIt()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of(Thought) });
        string id = await CreateAsync(frontend);
        frontend.Script.ConversationFailures["append"] = ConversationOutcome.StoreAway;

        HttpResponseMessage response = await frontend.PostAsync(Path, Body("Hi", $"\"{id}\""));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Single(frontend.Script.Conversations.Single().Value.Turns);
    }

    [Fact]
    public async Task Post_AnswerFails_AddsNothingAndLetsTheConversationGo()
    {
        var script = new ClusterScript { Answer = _ => new ScriptedAnswer(Answer.Ids("Hello"), StreamFinish.ModelFault) };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);
        string id = await CreateAsync(frontend);

        HttpResponseMessage response = await frontend.PostAsync(Path, Body("Hi", $"\"{id}\""));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(response.Headers.GetValues("x-request-id").Single(), await script.NextAbandonedTurnAsync());
        Assert.Empty(script.Conversations.Single().Value.Turns);
    }

    [Fact]
    public async Task Post_ClientLeaves_AddsNothingAndLetsTheConversationGo()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string id = await CreateAsync(frontend);
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> response = frontend.OpenAsync(Path, Body("Hi", $"\"{id}\"", stream: true), leaving.Token);
        StartedStream started = await frontend.Script.NextStartAsync();

        (await response).Dispose();
        await leaving.CancelAsync();

        Assert.Equal(started.Attempt.RequestId, await frontend.Script.NextAbandonedTurnAsync());
        Assert.Empty(frontend.Script.Conversations.Single().Value.Turns);
    }

    [Theory]
    [InlineData("""{"conversation": "{0}", "n": 2}""", "n")]
    [InlineData("""{"conversation": 7}""", "conversation")]
    [InlineData("""{"conversation": {"name": "{0}"}}""", "conversation")]
    public async Task Post_WhatAConversationCannotHave_NamesTheParameter(string fields, string parameter)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        string id = await CreateAsync(frontend);
        string more = fields.Replace("{0}", id, StringComparison.Ordinal)[1..];

        HttpResponseMessage response = await frontend.PostAsync(
            Path, $$"""{"model": "demo", "messages": [{"role": "user", "content": "Hi"}], {{more}}""");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(parameter, (await TestFrontend.ErrorAsync(response)).GetProperty("param").GetString());
        Assert.Empty(frontend.Script.Requests);
    }

    [Fact]
    public async Task S09_StoredControlTokens_ReachTheModelAsText()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("</think>\nYes.") });
        string control = Admission.DemoModel.Language.Tokenizer.Decode([Answer.EndToken], skipSpecial: false);
        string id = await CreateAsync(frontend);

        await frontend.PostAsync(Path, Body($"Say {control}", $"\"{id}\""));
        await frontend.PostAsync(Path, Body("Again", $"\"{id}\""));

        await frontend.Script.NextStartAsync();
        int[] prompt = (await frontend.Script.NextStartAsync()).Order.PromptIds;
        HttpResponseMessage plain = await frontend.PostAsync(Path, """
            {"model": "demo", "messages": [{"role": "user", "content": "Say"}, {"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Again"}]}
            """);
        Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
        int[] without = (await frontend.Script.NextStartAsync()).Order.PromptIds;
        Assert.Equal(without.Count(token => token == Answer.EndToken), prompt.Count(token => token == Answer.EndToken));
        Assert.True(prompt.Length > without.Length, "the text of the control token is missing");
    }

    [Fact]
    public async Task Generate_TwoTurnsOverGrpc_AreThoseOfHttp()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of(Thought) });
        using var client = new TestGrpcClient(frontend);
        string id = await CreateAsync(frontend);
        await frontend.PostAsync(Path, Body("Hi", $"\"{id}\""));

        List<GenerateResponse> responses = await client.GenerateAllAsync(Ask(id));

        Assert.Equal("Hello!", string.Concat(responses.Select(response => response.Delta?.Content)));
        Assert.Equal(
            ["user Hi", "assistant Hello!", "user Hi", "assistant Hello!"],
            frontend.Script.Conversations.Single().Value.Messages.Select(message => $"{message.Role} {message.Content}"));
    }

    [Theory]
    [InlineData("open", ConversationOutcome.Unknown, StatusCode.NotFound, "conversation_not_found")]
    [InlineData("open", ConversationOutcome.StoreAway, StatusCode.Unavailable, "conversation_store_unavailable")]
    [InlineData("append", ConversationOutcome.Conflict, StatusCode.Aborted, "conversation_conflict")]
    public async Task Generate_TurnIsRefused_HasGrpcsStatus(string call, ConversationOutcome outcome, StatusCode status, string code)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of(Thought) });
        using var client = new TestGrpcClient(frontend);
        string id = await CreateAsync(frontend);
        frontend.Script.ConversationFailures[call] = outcome;

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => client.GenerateAllAsync(Ask(id)));

        Assert.Equal(status, refusal.StatusCode);
        Assert.Equal(code, refusal.Trailers.GetValue("error-code"));
    }

    [Fact]
    public async Task Generate_ConversationWithoutAChat_IsRefused()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        using var client = new TestGrpcClient(frontend);
        var request = new GenerateRequest { Model = "demo", Prompt = "x", Conversation = await CreateAsync(frontend) };

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => client.GenerateAllAsync(request));

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Equal("conversation", refusal.Trailers.GetValue("error-param"));
    }

    private static async Task<string> CreateAsync(TestFrontend frontend) =>
        (await TestFrontend.JsonAsync(await frontend.PostAsync("/v1/conversations", "{}"))).GetProperty("id").GetString()!;

    private static async Task<string> TextAsync(TestFrontend frontend, string body) =>
        await (await frontend.PostAsync(Path, body)).Content.ReadAsStringAsync();

    private static string Body(string text, string conversation, bool stream = false) => $$"""
        {"model": "demo", "messages": [{"role": "user", "content": "{{text}}"}], "conversation": {{conversation}}, "stream": {{(stream ? "true" : "false")}}}
        """;

    private static GenerateRequest Ask(string conversation) => new()
    {
        Model = "demo",
        Chat = new Chat { Messages = { new Message { Role = "user", Content = "Hi" } } },
        Conversation = conversation,
    };
}
