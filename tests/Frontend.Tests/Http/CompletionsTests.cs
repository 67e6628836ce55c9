using System.Net;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Tests.Admission;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Tests.Http;

public sealed class CompletionsTests
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task Post_Text_IsAnsweredWithTextFinishAndUsage()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("Hello there") });

        HttpResponseMessage response = await frontend.PostAsync(Path, """{"model": "demo", "prompt": "Say hello"}""");

        JsonElement body = await TestFrontend.JsonAsync(response);
        JsonElement choice = body.GetProperty("choices")[0];
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text_completion", body.GetProperty("object").GetString());
        Assert.Equal("Hello there", choice.GetProperty("text").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(Answer.Ids("Hello there").Length + 1, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.StartsWith("req-", response.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_Any_OrdersExactlyWhatWasAsked()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("x") });

        await frontend.PostAsync(
            Path,
            """
            {"model": "demo", "prompt": [5, 6, 7], "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "min_p": 0.1, "seed": -1,
             "repetition_penalty": 1.2, "presence_penalty": 0.25, "frequency_penalty": -0.5, "logit_bias": {"8": -2}, "stop": "zz"}
            """);

        GenerationOrder order = (await frontend.Script.NextStartAsync()).Order;
        Assert.Equal([5, 6, 7], order.PromptIds);
        Assert.Equal(("local", 9), (order.Tenant, order.MaxTokens));
        Assert.Equal((0.5f, 0.9f, 3, 0.1f), (order.Sampling.Temperature, order.Sampling.TopP, order.Sampling.TopK, order.Sampling.MinP));
        Assert.Equal(
            (1.2f, 0.25f, -0.5f),
            (order.Sampling.RepetitionPenalty, order.Sampling.PresencePenalty, order.Sampling.FrequencyPenalty));
        Assert.Equal(ulong.MaxValue, order.Sampling.Seed);
        Assert.Equal(-2, Assert.Single(order.Sampling.LogitBias).Value);
        Assert.Equal(["zz"], order.StopStrings);
        Assert.Equal([Answer.EndToken], order.StopTokenIds);
    }

    [Fact]
    public async Task Post_TwoPromptsTwoChoices_AreFourAnswersInOrder()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(
            new ClusterScript { Answer = order => Answer.Of($"{order.PromptIds[0]}-{order.Sampling.Seed}") });

        HttpResponseMessage response = await frontend.PostAsync(
            Path, """{"model": "demo", "prompt": [[5], [6]], "n": 2, "seed": 10, "temperature": 1}""");

        JsonElement body = await TestFrontend.JsonAsync(response);
        Assert.Equal(
            ["0:5-10", "1:5-11", "2:6-10", "3:6-11"],
            body.GetProperty("choices").EnumerateArray().Select(choice => $"{choice.GetProperty("index")}:{choice.GetProperty("text")}"));
        Assert.Equal(2, body.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Post_StopStringFoundBeforeTheWorkerEnds_EndsTheAnswerAndCancels()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        Task<HttpResponseMessage> call = frontend.PostAsync(Path, """{"model": "demo", "prompt": "x", "stop": "there"}""");
        StartedStream started = await frontend.Script.NextStartAsync();

        await frontend.Worker.SpeakAsync(started.Attempt.StreamId, Answer.Ids("Hello there friend"), null);

        JsonElement choice = (await TestFrontend.JsonAsync(await call)).GetProperty("choices")[0];
        Assert.Equal("Hello ", choice.GetProperty("text").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(started.Attempt, await frontend.Script.NextCancellationAsync());
    }

    [Fact]
    public async Task Post_KeptAnswer_IsReplayedWithoutAWorker()
    {
        var script = new ClusterScript
        {
            Route = _ => new Dispatch
            {
                Kind = DispatchKind.Cached,
                Response = new CachedResponse([.. Answer.Ids("kept"), Answer.EndToken], StreamFinish.Stop, ClusterScript.Facts),
            },
        };
        await using TestFrontend frontend = await TestFrontend.StartAsync(script);

        JsonElement body = await TestFrontend.JsonAsync(
            await frontend.PostAsync(Path, """{"model": "demo", "prompt": [1, 2, 3], "temperature": 0, "evidence": true}"""));

        Assert.True(body.GetProperty("choices")[0].GetProperty("evidence").GetProperty("cached").GetBoolean());
        Assert.Equal("kept", body.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal(3, body.GetProperty("usage").GetProperty("prompt_cache_hit_tokens").GetInt32());
    }

    [Fact]
    public async Task Post_GreedyAnswer_IsOfferedToTheCacheUnderTheSameKeyEachTime()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("abc") });

        await frontend.PostAsync(Path, """{"model": "demo", "prompt": [1, 2], "temperature": 0, "max_tokens": 50}""");
        Completion first = await frontend.Script.NextCompletionAsync();
        await frontend.SettledAsync();
        await frontend.PostAsync(Path, """{"model": "demo", "prompt": [1, 2], "temperature": 0, "max_tokens": 50}""");
        Completion second = await frontend.Script.NextCompletionAsync();
        await frontend.PostAsync(Path, """{"model": "demo", "prompt": [1, 2], "temperature": 0, "max_tokens": 51}""");
        Completion other = await frontend.Script.NextCompletionAsync();

        Assert.NotNull(first.AnswerKey);
        Assert.Equal(first.AnswerKey, second.AnswerKey);
        Assert.NotEqual(first.AnswerKey, other.AnswerKey);
        Assert.Equal([.. Answer.Ids("abc"), Answer.EndToken], first.Response!.TokenIds);
        Assert.True(first.WorkerAnswered);
    }

    [Fact]
    public async Task Post_SampledAnswer_IsNotOfferedToTheCache()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("abc") });

        await frontend.PostAsync(Path, """{"model": "demo", "prompt": [1, 2], "temperature": 1}""");

        Completion completion = await frontend.Script.NextCompletionAsync();
        Assert.Null(completion.AnswerKey);
        Assert.Null(completion.Response);
    }

    [Theory]
    [InlineData(2048 - 3, HttpStatusCode.OK)]
    [InlineData(2048 - 2, HttpStatusCode.BadRequest)]
    public async Task Post_PromptAndMaxTokens_MustFitTheContext(int maxTokens, HttpStatusCode status)
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("x") });

        HttpResponseMessage response = await frontend.PostAsync(Path, $$"""{"model": "demo", "prompt": [1, 2, 3], "max_tokens": {{maxTokens}}}""");

        Assert.Equal(status, response.StatusCode);
        if (status != HttpStatusCode.OK)
        {
            Assert.Equal("context_length_exceeded", (await TestFrontend.ErrorAsync(response)).GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Post_NoMaxTokens_TakesWhatTheContextLeaves()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync(new ClusterScript { Answer = _ => Answer.Of("x") });

        await frontend.PostAsync(Path, """{"model": "demo", "prompt": [1, 2, 3]}""");

        Assert.Equal(DemoModel.ContextLength - 3, (await frontend.Script.NextStartAsync()).Order.MaxTokens);
    }
}
