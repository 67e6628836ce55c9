using System.IO.Compression;
using System.Net;
using DeepSeekOrleans.GrpcHost.Contract.Tests.Protos;
using Google.Protobuf;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>What the server answers to bytes and headers that only a broken or hostile client sends.</summary>
public sealed class RawProtocolTests
{
    private const string Ok = "0";
    private const string Unknown = "2";
    private const string DeadlineExceeded = "4";
    private const string ResourceExhausted = "8";
    private const string Unimplemented = "12";
    private const string Internal = "13";

    [Theory]
    [InlineData(new byte[] { 2, 0, 0, 0, 0 }, Unknown)]
    [InlineData(new byte[] { 0xFF, 0, 0, 0, 1, 0 }, Unknown)]
    [InlineData(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3 }, Unknown)]
    [InlineData(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3 }, ResourceExhausted)]
    [InlineData(new byte[] { 0, 0, 1, 0, 1, 1, 2, 3 }, ResourceExhausted)]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1, 2, 3 }, Internal)]
    [InlineData(new byte[] { 0, 0, 0 }, Internal)]
    [InlineData(new byte[0], Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 7 }, Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0xFF, 0xFF }, Unknown)]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 7 }, Internal)]
    public async Task Echo_MalformedBody_IsRefusedWithAStatus(byte[] body, string status)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(http, server, "Echo", body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(status, RawCall.Status(response));
    }

    [Theory]
    [InlineData(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 9, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 })]
    public async Task Sum_MalformedStream_EndsTheCallAndServesTheNext(byte[] body)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage broken = await RawCall.SendAsync(http, server, "Sum", body);
        using HttpResponseMessage next = await RawCall.SendAsync(http, server, "Sum", [0, 0, 0, 0, 2, 8, 5]);

        Assert.NotEqual(Ok, RawCall.Status(broken));
        Assert.Equal(Ok, RawCall.Status(next));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/grpcx")]
    public async Task Echo_AnotherContentType_IsUnsupportedMedia(string? contentType)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(http, server, "Echo", [0, 0, 0, 0, 0], request =>
        {
            request.Content!.Headers.ContentType = null;
            request.Content.Headers.TryAddWithoutValidation("content-type", contentType);
        });

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc; charset=utf-8")]
    public async Task Echo_GrpcContentTypeWithMore_IsServed(string contentType)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(http, server, "Echo", [0, 0, 0, 0, 0], request =>
        {
            request.Content!.Headers.Remove("content-type");
            request.Content.Headers.TryAddWithoutValidation("content-type", contentType);
        });

        Assert.Equal(Ok, RawCall.Status(response));
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/deepseekorleans.contract.v1.Contract/Nothing")]
    [InlineData("/another.Service/Echo")]
    public async Task Post_UnknownMethodOrService_IsUnimplemented(string path)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(
            http, server, "", [0, 0, 0, 0, 0], request => request.RequestUri = new Uri(server.Address, path));

        Assert.Equal((HttpStatusCode.OK, Unimplemented), (response.StatusCode, RawCall.Status(response)));
    }

    [Fact]
    public async Task Get_PageThatIsNoService_IsNotFound()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(http, server, "Nothing", [], request =>
        {
            request.Method = HttpMethod.Get;
            request.Content = null;
        });

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Echo_UnknownCompression_IsUnimplementedAndNamesTheKnownOnes()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(
            http, server, "Echo", [1, 0, 0, 0, 1, 7], request => request.Headers.Add("grpc-encoding", "snappy"));

        Assert.Equal(Unimplemented, RawCall.Status(response));
        Assert.Equal("identity,gzip,deflate", string.Join(',', response.Headers.GetValues("grpc-accept-encoding")));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Echo_KnownCompression_IsDecompressed(string encoding)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();
        byte[] message = new EchoRequest { Text = new string('a', 1000) }.ToByteArray();
        using MemoryStream compressed = new();
        using (Stream compressor = encoding == "gzip"
            ? new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true)
            : new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            compressor.Write(message);
        }

        byte[] body = [1, 0, 0, (byte)(compressed.Length >> 8), (byte)compressed.Length, .. compressed.ToArray()];
        using HttpResponseMessage response = await RawCall.SendAsync(
            http, server, "Echo", body, request => request.Headers.Add("grpc-encoding", encoding));

        Assert.Equal(Ok, RawCall.Status(response));
        Assert.Equal(message, (await response.Content.ReadAsByteArrayAsync())[5..]);
    }

    [Theory]
    [InlineData("99999999n")]
    [InlineData("50000u")]
    [InlineData("50m")]
    [InlineData("1S")]
    public async Task Wait_TimeoutHeader_EndsTheCallOnTheServer(string timeout)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(
            http, server, "Wait", [0, 0, 0, 0, 0], request => request.Headers.Add("grpc-timeout", timeout));

        Assert.Equal(DeadlineExceeded, RawCall.Status(response));
    }

    [Fact]
    public async Task Stall_ServiceIgnoresTheDeadline_ClientIsAnsweredBeforeItReturns()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(
            http, server, "Stall", [0, 0, 0, 0, 0], request => request.Headers.Add("grpc-timeout", "50m"));
        server.Seen.Release();
        using HttpResponseMessage next = await RawCall.SendAsync(http, server, "Echo", [0, 0, 0, 0, 0]);

        Assert.Equal(DeadlineExceeded, RawCall.Status(response));
        Assert.Equal(Ok, RawCall.Status(next));
    }

    [Theory]
    [InlineData("1M", 60)]
    [InlineData("2H", 7200)]
    [InlineData("99999999S", 99_999_999)]
    [InlineData("99999999H", 99_999_999)]
    public async Task Wait_LongTimeoutHeader_IsTheDeadlineThatTheServiceSees(string timeout, int seconds)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();
        using CancellationTokenSource leave = new();
        DateTime start = TimeProvider.System.GetUtcNow().UtcDateTime;

        Task<HttpResponseMessage> response = RawCall.SendAsync(
            http, server, "Wait", [0, 0, 0, 0, 0], request => request.Headers.Add("grpc-timeout", timeout));
        DateTime deadline = (await server.Seen.StartedAsync()).Deadline;
        http.CancelPendingRequests();

        Assert.Equal(start.AddSeconds(seconds), deadline, TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => response);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("5")]
    [InlineData("-5S")]
    [InlineData("123456789S")]
    public async Task Echo_MalformedTimeout_IsIgnored(string timeout)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(
            http, server, "Echo", [0, 0, 0, 0, 0], request => request.Headers.TryAddWithoutValidation("grpc-timeout", timeout));

        Assert.Equal(Ok, RawCall.Status(response));
    }

    [Fact]
    public async Task Fail_NoMessageBeforeTheStatus_IsTrailersOnlyWithAPercentEncodedMessage()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();
        byte[] message = new FailRequest { Code = 3, Message = "10 % größer\n" }.ToByteArray();

        using HttpResponseMessage response = await RawCall.SendAsync(http, server, "Fail", [0, 0, 0, 0, (byte)message.Length, .. message]);

        Assert.Equal("3", response.Headers.GetValues("grpc-status").Single());
        Assert.Equal("10 %25 gr%C3%B6%C3%9Fer%0A", RawCall.Message(response));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Reflect_BinaryMetadataWithoutPadding_IsDecoded()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = RawCall.CreateClient();

        using HttpResponseMessage response = await RawCall.SendAsync(
            http, server, "Reflect", [0, 0, 0, 0, 0], request => request.Headers.Add("x-data-bin", "AQ"));

        Assert.Equal("AQ==", response.TrailingHeaders.GetValues("x-data-bin").Single());
    }
}
