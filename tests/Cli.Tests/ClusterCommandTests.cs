using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

public sealed class ClusterCommandTests
{
    [Fact]
    public async Task Chat_WithAClusterThatUpStarted_PrintsThoughtAndAnswerWithoutColour()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync();

        CommandResult result = await CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "What is 12 + 30?");

        Assert.Equal(ExitCode.Ok, result.ExitCode);
        Assert.EndsWith("12 + 30 = 42.\n", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    [SharedDataFact]
    public async Task Up_WithAGgufFile_AnswersWithParis()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(
            "--model", SharedData.Path("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"), "--slots", "2", "--context", "512");
        using HttpClient client = new() { BaseAddress = cluster.Http };

        using HttpResponseMessage response = await client.PostAsJsonAsync("/v1/chat/completions", new
        {
            model = cluster.Model,
            messages = new[] { new { role = "user", content = "What is the capital of France?" } },
            temperature = 0,
        });

        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["choices"]![0]!;
        Assert.Equal("SmolLM2-135M-Instruct.Q4_1", cluster.Model);
        Assert.Equal("The capital of France is Paris.", answer["message"]!["content"]!.ToString());
        Assert.Equal("stop", answer["finish_reason"]!.ToString());
    }

    [Fact]
    public async Task Down_OfARunningCluster_EndsItsProcessWithOk()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2");

        CommandResult result = await CommandLine.DeepSeekAsync("", "down", "--port", $"{cluster.Http.Port}");

        Assert.Equal(ExitCode.Ok, result.ExitCode);
        Assert.Equal(ExitCode.Ok, await cluster.WaitForExitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Up_Detached_ReturnsWhenReadyAndLeavesAClusterThatDownStops()
    {
        int[] ports = FreePorts.Take(2);

        CommandResult up = await CommandLine.DeepSeekAsync("", "up", "--detach", "--port", $"{ports[0]}", "--grpc-port", $"{ports[1]}");
        CommandResult chat = await CommandLine.DeepSeekAsync("", "chat", "--url", $"http://127.0.0.1:{ports[0]}", "Hello");
        CommandResult down = await CommandLine.DeepSeekAsync("", "down", "--port", $"{ports[0]}");

        Assert.Equal((ExitCode.Ok, ExitCode.Ok, ExitCode.Ok), (up.ExitCode, chat.ExitCode, down.ExitCode));
        Assert.Contains($"http://127.0.0.1:{ports[0]}/v1", up.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_OnATakenPort_NamesThePortAndEndsWithAddressInUse()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;

        CommandResult result = await CommandLine.DeepSeekAsync("", "up", "--port", $"{port}", "--grpc-port", $"{FreePorts.Take(1)[0]}");

        Assert.Equal(ExitCode.AddressInUse, result.ExitCode);
        Assert.Contains($"{port}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_WithoutAModelDirectory_EndsWithModelRefused()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "up", "--model", "/no/such/model");

        Assert.Equal(ExitCode.ModelRefused, result.ExitCode);
    }

    [Theory]
    [InlineData("up", "--bogus")]
    [InlineData("up", "--silos", "0")]
    [InlineData("up", "--silos", "9")]
    [InlineData("up", "--port", "80808")]
    [InlineData("up", "--port", "50051")]
    [InlineData("up", "--port", "50050", "--frontends", "2")]
    [InlineData("up", "--port", "65535", "--frontends", "2")]
    [InlineData("up", "--redis", "nowhere")]
    [InlineData("chat", "--url", "not an address", "hello")]
    [InlineData("chat", "--session", "../etc", "hello")]
    [InlineData("generate")]
    [InlineData("no-such-command")]
    public async Task AnyCommand_WithWrongArguments_EndsWithWrongUsage(params string[] arguments)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", arguments);

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.NotEmpty(result.Error);
    }

    [Fact]
    public async Task Chat_WhereNoClusterAnswers_EndsWithUnreachable()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "chat", "--url", $"http://127.0.0.1:{FreePorts.Take(1)[0]}", "hello");

        Assert.Equal(ExitCode.Unreachable, result.ExitCode);
    }

    [Fact]
    public async Task Chat_OfAModelThatIsNotServed_EndsWithRequestRefused()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync();

        CommandResult result = await CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "--model", "other", "hello");

        Assert.Equal(ExitCode.RequestRefused, result.ExitCode);
    }

    [Fact]
    public async Task Chat_InASession_SendsWhatWasSaidBefore()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync();
        string session = $"test-{Guid.NewGuid():N}";

        await CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "--session", session, "Hello");
        await CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "--session", session, "What is 2 + 3?");

        string file = Path.Combine(AppContext.BaseDirectory, "deepseek-state", "conversations", $"{session}.json");
        string[] roles = [.. JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsArray().Select(message => message!["role"]!.ToString())];
        Assert.Equal(["user", "assistant", "user", "assistant"], roles);
    }
}
