using DeepSeekOrleans.GrpcHost.Contract.Tests.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>The client of this build against the server of this build.</summary>
public sealed class OwnClientTests
{
    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

    [Fact]
    public async Task Echo_Unary_ReturnsTheMessage()
    {
        await using TestServer server = await TestServer.StartAsync();

        EchoReply reply = await server.Client.EchoAsync(new EchoRequest { Text = "grüße" });

        Assert.Equal("grüße", reply.Text);
    }

    [Fact]
    public async Task Echo_EmptyMessage_ReturnsAnEmptyMessage()
    {
        await using TestServer server = await TestServer.StartAsync();

        EchoReply reply = await server.Client.EchoAsync(new EchoRequest());

        Assert.Equal(new EchoReply(), reply);
    }

    [Fact]
    public async Task Echo_BlockingCall_ReturnsTheMessage()
    {
        await using TestServer server = await TestServer.StartAsync();

        EchoReply reply = server.Client.Echo(new EchoRequest { Text = "sync" });

        Assert.Equal("sync", reply.Text);
    }

    [Fact]
    public async Task Echo_MessageAtTheLimit_ReturnsTheMessage()
    {
        await using TestServer server = await TestServer.StartAsync();
        EchoRequest request = OfBytes(TestServer.MaxReceiveBytes);

        EchoReply reply = await server.Client.EchoAsync(request);

        Assert.Equal(request.Padding, reply.Padding);
    }

    [Fact]
    public async Task Echo_MessageOverTheLimit_EndsWithResourceExhausted()
    {
        await using TestServer server = await TestServer.StartAsync();

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client.EchoAsync(OfBytes(TestServer.MaxReceiveBytes + 1)));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Fact]
    public async Task Echo_ManyAtOnce_EachGetsItsOwnMessage()
    {
        await using TestServer server = await TestServer.StartAsync();

        EchoReply[] replies = await Task.WhenAll(
            Enumerable.Range(0, 320).Select(async id => await server.Client.EchoAsync(new EchoRequest { Text = $"{id}" })));

        Assert.Equal(Enumerable.Range(0, 320).Select(id => $"{id}"), replies.Select(reply => reply.Text));
    }

    [Fact]
    public async Task Count_ServerStream_DeliversEveryMessageInOrder()
    {
        await using TestServer server = await TestServer.StartAsync();
        List<int> values = [];

        using AsyncServerStreamingCall<CountReply> call = server.Client.Count(new CountRequest { To = 1000 });
        await foreach (CountReply reply in call.ResponseStream.ReadAllAsync())
        {
            values.Add(reply.Value);
        }

        Assert.Equal(Enumerable.Range(1, 1000), values);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Sum_ClientStream_ReturnsTheSum()
    {
        await using TestServer server = await TestServer.StartAsync();

        using AsyncClientStreamingCall<CountReply, SumReply> call = server.Client.Sum();
        for (int value = 1; value <= 1000; value++)
        {
            await call.RequestStream.WriteAsync(new CountReply { Value = value });
        }

        await call.RequestStream.CompleteAsync();

        Assert.Equal(500_500, (await call).Total);
    }

    [Fact]
    public async Task Sum_EmptyClientStream_ReturnsZero()
    {
        await using TestServer server = await TestServer.StartAsync();

        using AsyncClientStreamingCall<CountReply, SumReply> call = server.Client.Sum();
        await call.RequestStream.CompleteAsync();

        Assert.Equal(0, (await call).Total);
    }

    [Fact]
    public async Task Chat_MessageOverTheLimit_EndsWithResourceExhausted()
    {
        await using TestServer server = await TestServer.StartAsync();

        using AsyncDuplexStreamingCall<EchoRequest, EchoReply> call = server.Client.Chat();
        // The server refuses from the length on; the write may still be under way then, and fail.
        await Record.ExceptionAsync(() => call.RequestStream.WriteAsync(OfBytes(TestServer.MaxReceiveBytes + 1)));
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Fact]
    public async Task Chat_Duplex_AnswersEachMessageBeforeTheNext()
    {
        await using TestServer server = await TestServer.StartAsync();
        List<string> answers = [];

        using AsyncDuplexStreamingCall<EchoRequest, EchoReply> call = server.Client.Chat();
        foreach (string text in new[] { "one", "two", "three" })
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text });
            Assert.True(await call.ResponseStream.MoveNext());
            answers.Add(call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync();

        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(["one", "two", "three"], answers);
    }

    [Fact]
    public async Task Reflect_TextAndBinaryMetadata_ComeBackAsHeadersAndTrailers()
    {
        await using TestServer server = await TestServer.StartAsync();
        Metadata sent = new() { { "x-text", "plain, with comma" }, { "x-data-bin", EveryByte } };

        using AsyncUnaryCall<EchoReply> call = server.Client.ReflectAsync(new EchoRequest(), sent);
        await call;

        Assert.Equal("plain, with comma", (await call.ResponseHeadersAsync).GetValue("x-text"));
        Assert.Equal(EveryByte, (await call.ResponseHeadersAsync).GetValueBytes("x-data-bin"));
        Assert.Equal("plain, with comma", call.GetTrailers().GetValue("x-text"));
        Assert.Equal(EveryByte, call.GetTrailers().GetValueBytes("x-data-bin"));
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, "plain")]
    [InlineData(StatusCode.Unauthenticated, "100 % sure: \"größer\" 模型 \U0001F600\r\n")]
    [InlineData(StatusCode.NotFound, "")]
    public async Task Fail_AnyStatus_ArrivesWithItsMessageAndTrailers(StatusCode code, string message)
    {
        await using TestServer server = await TestServer.StartAsync();

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client.FailAsync(new FailRequest { Code = (int)code, Message = message }));

        Assert.Equal((code, message), (error.StatusCode, error.Status.Detail));
        Assert.Equal("asked", error.Trailers.GetValue("x-why"));
    }

    [Fact]
    public async Task Break_UnhandledException_EndsWithUnknownAndKeepsTheTextSecret()
    {
        await using TestServer server = await TestServer.StartAsync();

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.BreakAsync(new EchoRequest { Text = "word" }));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.DoesNotContain("secret", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Break_DetailedErrors_NamesTheException()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.EnableDetailedErrors = true);

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.BreakAsync(new EchoRequest { Text = "word" }));

        Assert.Contains("secret: word", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_MethodThatTheServiceDoesNotOverride_EndsWithUnimplemented()
    {
        await using TestServer server = await TestServer.StartAsync();

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.MissingAsync(new EchoRequest()));

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    internal static EchoRequest OfBytes(int messageBytes)
    {
        // Field number, length of the field as a varint of three bytes, then the padding.
        EchoRequest request = new() { Padding = ByteString.CopyFrom(new byte[messageBytes - 4]) };
        Assert.Equal(messageBytes, request.CalculateSize());
        return request;
    }
}
