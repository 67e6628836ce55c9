using DeepSeekOrleans.GrpcHost.Contract.Tests.Protos;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>Interceptors, the call's context, and the options of channels.</summary>
public sealed class HostingTests
{
    [Fact]
    public async Task Interceptors_Two_RunInTheOrderOfRegistration()
    {
        List<string> order = [];
        await using TestServer server = await TestServer.StartAsync(options =>
        {
            options.Interceptors.Add<Recorder>("outer", order);
            options.Interceptors.Add<Recorder>("inner", order);
        });

        await server.Client.EchoAsync(new EchoRequest());

        Assert.Equal(["outer", "inner"], order);
    }

    [Fact]
    public async Task Interceptors_ServerStream_SeesTheCallToo()
    {
        List<string> order = [];
        await using TestServer server = await TestServer.StartAsync(options => options.Interceptors.Add<Recorder>("stream", order));

        using AsyncServerStreamingCall<CountReply> call = server.Client.Count(new CountRequest { To = 1 });
        await foreach (CountReply reply in call.ResponseStream.ReadAllAsync())
        {
        }

        Assert.Equal(["stream"], order);
    }

    [Fact]
    public async Task Interceptors_Refusal_ReachesTheClientAndNotTheService()
    {
        await using TestServer server = await TestServer.StartAsync(options => options.Interceptors.Add<Gate>());

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.WaitAsync(new EchoRequest()));

        Assert.Equal((StatusCode.Unauthenticated, "no key"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task Context_OfACall_TellsMethodHostPeerAndHttpRequest()
    {
        await using TestServer server = await TestServer.StartAsync();

        using AsyncUnaryCall<EchoReply> call = server.Client.WaitAsync(new EchoRequest(), new Metadata { { "X-Text", "kept" } });
        ServerCallContext seen = await server.Seen.StartedAsync();

        Assert.Equal("/deepseekorleans.contract.v1.Contract/Wait", seen.Method);
        Assert.Equal(server.Address.Authority, seen.Host);
        Assert.Matches(@"^ipv4:127\.0\.0\.1:\d+$", seen.Peer);
        Assert.Equal("kept", seen.RequestHeaders.GetValue("x-text"));
        Assert.DoesNotContain(seen.RequestHeaders, entry => entry.Key is "content-type" or "te" or "grpc-timeout");
        Assert.Equal("HTTP/2", seen.GetHttpContext().Request.Protocol);
    }

    [Fact]
    public async Task ForAddress_OwnHttpClient_IsUsedAndKept()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient http = new();

        using (GrpcChannel channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpClient = http }))
        {
            using AsyncServerStreamingCall<CountReply> call = new Protos.Contract.ContractClient(channel).Count(new CountRequest());
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        }

        using HttpResponseMessage stillUsable = await RawCall.SendAsync(http, server, "Echo", [0, 0, 0, 0, 0]);
        Assert.Equal("0", stillUsable.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task ForAddress_ReplyOverTheClientsLimit_EndsWithResourceExhausted()
    {
        await using TestServer server = await TestServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { MaxReceiveMessageSize = 1000 });

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            async () => await new Protos.Contract.ContractClient(channel).EchoAsync(OwnClientTests.OfBytes(20_000)));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    private sealed class Recorder(string name, List<string> order) : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request,
            ServerCallContext context,
            UnaryServerMethod<TRequest, TResponse> continuation)
        {
            order.Add(name);
            return continuation(request, context);
        }

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(
            TRequest request,
            IServerStreamWriter<TResponse> responseStream,
            ServerCallContext context,
            ServerStreamingServerMethod<TRequest, TResponse> continuation)
        {
            order.Add(name);
            return continuation(request, responseStream, context);
        }
    }

    private sealed class Gate : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request,
            ServerCallContext context,
            UnaryServerMethod<TRequest, TResponse> continuation) => throw new RpcException(new Status(StatusCode.Unauthenticated, "no key"));
    }
}
