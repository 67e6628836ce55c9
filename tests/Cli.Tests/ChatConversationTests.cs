using System.Text.Json.Nodes;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary><c>chat --conversation</c> before a real cluster.</summary>
public sealed class ChatConversationTests
{
    [Fact]
    public async Task Chat_BeginsAConversationAndContinuesIt_TheClusterKeepsBothTurns()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync();

        CommandResult first = await ChatAsync(cluster, "new", "Hello");
        string id = first.Error.Trim();
        CommandResult second = await ChatAsync(cluster, id, "What is 12 + 30?");

        Assert.Equal((ExitCode.Ok, ExitCode.Ok), (first.ExitCode, second.ExitCode));
        Assert.StartsWith("conv_", id, StringComparison.Ordinal);
        Assert.Empty(second.Error);
        JsonNode[] items = await ItemsAsync(cluster, id);
        Assert.Equal(["user", "assistant", "user", "assistant"], items.Select(item => $"{item["role"]}"));
        Assert.Equal(["Hello", "What is 12 + 30?"], items.Where(item => $"{item["role"]}" == "user").Select(Text));
        Assert.All(items.Where(item => $"{item["role"]}" == "assistant").Zip([first, second]), turn => Assert.EndsWith(
            Text(turn.First) + "\n", turn.Second.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("conv_000000000000000000000000000000000000000000000000")]
    [InlineData("../secrets")]
    public async Task Chat_WithAnIdThatNoConversationHas_SaysSoAndEndsWithRequestRefused(string id)
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync();

        CommandResult result = await ChatAsync(cluster, id, "Hello");

        Assert.Equal(ExitCode.RequestRefused, result.ExitCode);
        Assert.Contains("there is no such conversation", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Chat_WithSessionAndConversation_EndsWithWrongUsage()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "chat", "--session", "mine", "--conversation", "new", "Hello");

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.Contains("--conversation", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChatHelp_NamesTheOption()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "chat", "--help");

        Assert.Contains("--conversation", result.Output, StringComparison.Ordinal);
    }

    private static Task<CommandResult> ChatAsync(ClusterProcess cluster, string conversation, string text) =>
        CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "--conversation", conversation, text);

    private static async Task<JsonNode[]> ItemsAsync(ClusterProcess cluster, string id)
    {
        using HttpClient http = new() { BaseAddress = cluster.Http };
        JsonNode page = JsonNode.Parse(await http.GetStringAsync(new Uri($"/v1/conversations/{id}/items?order=asc", UriKind.Relative)))!;
        return [.. page["data"]!.AsArray().Select(item => item!)];
    }

    private static string Text(JsonNode item) => $"{item["content"]![0]!["text"]}";
}
