using System.Text.Json;
using Grpc.Core;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>Clients that nobody here wrote against the server of this build: the same scenarios for each.</summary>
public abstract class ForeignClientTests
{
    private static readonly string EveryByte = Convert.ToBase64String([.. Enumerable.Range(0, 256).Select(value => (byte)value)]);

    private readonly ForeignClient _client;

    private protected ForeignClientTests(ForeignClient client) => _client = client;

    protected async Task EchoReturnsTheMessage()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "echo");

        Assert.Equal("grüße 模型", outcome.GetProperty("text").GetString());
    }

    protected async Task ServerStreamDeliversEveryMessage()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "stream");

        Assert.Equal(Enumerable.Range(1, 1000), outcome.GetProperty("values").EnumerateArray().Select(value => value.GetInt32()));
    }

    protected async Task ClientStreamIsSummedUp()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "sum_up");

        Assert.Equal(500_500, outcome.GetProperty("total").GetInt32());
    }

    protected async Task DuplexStreamIsAnswered()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "chat");

        Assert.Equal(["one", "two", "three"], outcome.GetProperty("values").EnumerateArray().Select(value => value.GetString()));
    }

    protected async Task DeadlineEndsTheCallOnBothSides()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "deadline");

        Assert.Equal(StatusCode.DeadlineExceeded, CodeOf(outcome));
        Assert.Equal("Wait", await server.Seen.CancelledAsync());
    }

    protected async Task CancellationReachesTheService()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "cancel");

        Assert.Equal(StatusCode.Cancelled, CodeOf(outcome));
        Assert.Equal("Count", await server.Seen.CancelledAsync());
    }

    protected async Task TooLargeMessageIsResourceExhausted()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "too_large");

        Assert.Equal(StatusCode.ResourceExhausted, CodeOf(outcome));
    }

    protected async Task GzippedRequestIsServed()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "gzip");

        Assert.Equal(new string('a', 1000), outcome.GetProperty("text").GetString());
    }

    protected async Task MetadataComesBack()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "metadata");

        foreach (JsonElement metadata in new[] { outcome.GetProperty("headers"), outcome.GetProperty("trailers") })
        {
            Assert.Equal("plain", metadata.GetProperty("text").GetString());
            Assert.Equal(EveryByte, metadata.GetProperty("data").GetString());
        }
    }

    protected async Task StatusAndUnicodeMessageArrive()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "fail");

        Assert.Equal(StatusCode.NotFound, CodeOf(outcome));
        Assert.Equal("100 % größer: 模型\n", outcome.GetProperty("details").GetString());
    }

    protected async Task MissingMethodIsUnimplemented()
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement outcome = await _client.RunAsync(server, "missing");

        Assert.Equal(StatusCode.Unimplemented, CodeOf(outcome));
    }

    private static StatusCode CodeOf(JsonElement outcome) => (StatusCode)outcome.GetProperty("code").GetInt32();
}
