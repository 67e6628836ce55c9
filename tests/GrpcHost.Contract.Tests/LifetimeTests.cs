using DeepSeekOrleans.GrpcHost.Contract.Tests.Protos;
using Grpc.Core;
using Grpc.Net.Client;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>Deadlines, cancellation and the end of channels and servers, seen from both sides.</summary>
public sealed class LifetimeTests
{
    private static DateTime Soon => TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(200);

    // for a call that must have reached the service when its time is up, on a channel that is connected
    private static DateTime InASecond => TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1);

    [Fact]
    public async Task Wait_DeadlinePasses_ClientEndsWithDeadlineExceeded()
    {
        await using TestServer server = await TestServer.StartAsync();

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.WaitAsync(new EchoRequest(), deadline: Soon));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task Wait_DeadlinePasses_CancelsTheService()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.Client.EchoAsync(new EchoRequest());

        using AsyncUnaryCall<EchoReply> call = server.Client.WaitAsync(new EchoRequest(), deadline: InASecond);
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal("Wait", await server.Seen.CancelledAsync());
    }

    [Fact]
    public async Task Wait_Deadline_IsKnownToTheService()
    {
        await using TestServer server = await TestServer.StartAsync();
        DateTime deadline = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(3);

        using AsyncUnaryCall<EchoReply> call = server.Client.WaitAsync(new EchoRequest(), deadline: deadline);
        ServerCallContext seen = await server.Seen.StartedAsync();

        Assert.Equal(deadline, seen.Deadline, TimeSpan.FromSeconds(10));
        Assert.Equal(DateTimeKind.Utc, seen.Deadline.Kind);
    }

    [Fact]
    public async Task Wait_NoDeadline_ServiceSeesTheMaximum()
    {
        await using TestServer server = await TestServer.StartAsync();

        using AsyncUnaryCall<EchoReply> call = server.Client.WaitAsync(new EchoRequest());
        ServerCallContext seen = await server.Seen.StartedAsync();

        Assert.Equal(DateTime.MaxValue, seen.Deadline);
    }

    [Fact]
    public async Task Echo_DeadlineAlreadyPassed_EndsWithDeadlineExceeded()
    {
        await using TestServer server = await TestServer.StartAsync();
        DateTime past = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-1);

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.EchoAsync(new EchoRequest(), deadline: past));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task Wait_ClientCancels_BothSidesSeeIt()
    {
        await using TestServer server = await TestServer.StartAsync();
        using CancellationTokenSource cancellation = new();

        using AsyncUnaryCall<EchoReply> call = server.Client.WaitAsync(new EchoRequest(), cancellationToken: cancellation.Token);
        await server.Seen.StartedAsync();
        await cancellation.CancelAsync();
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        Assert.Equal("Wait", await server.Seen.CancelledAsync());
    }

    [Fact]
    public async Task Wait_CallDisposed_CancelsTheService()
    {
        await using TestServer server = await TestServer.StartAsync();

        AsyncUnaryCall<EchoReply> call = server.Client.WaitAsync(new EchoRequest());
        await server.Seen.StartedAsync();
        call.Dispose();

        Assert.Equal("Wait", await server.Seen.CancelledAsync());
    }

    [Fact]
    public async Task Count_CallDisposedInMidStream_CancelsTheService()
    {
        await using TestServer server = await TestServer.StartAsync();

        using (AsyncServerStreamingCall<CountReply> call = server.Client.Count(new CountRequest()))
        {
            Assert.True(await call.ResponseStream.MoveNext());
        }

        Assert.Equal("Count", await server.Seen.CancelledAsync());
    }

    [Fact]
    public async Task Count_CancelledRead_EndsTheCallAsCancelled()
    {
        await using TestServer server = await TestServer.StartAsync();
        using CancellationTokenSource cancellation = new();

        using AsyncServerStreamingCall<CountReply> call = server.Client.Count(new CountRequest());
        Assert.True(await call.ResponseStream.MoveNext(cancellation.Token));
        await cancellation.CancelAsync();
        RpcException error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(cancellation.Token))
            {
            }
        });

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        Assert.Equal("Count", await server.Seen.CancelledAsync());
    }

    [Fact]
    public async Task Count_DeadlinePassesInMidStream_EndsWithDeadlineExceeded()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.Client.EchoAsync(new EchoRequest());

        using AsyncServerStreamingCall<CountReply> call = server.Client.Count(new CountRequest(), deadline: InASecond);
        RpcException error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (CountReply reply in call.ResponseStream.ReadAllAsync())
            {
            }
        });

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.Equal("Count", await server.Seen.CancelledAsync());
    }

    [Fact]
    public async Task Echo_NoServerAtTheAddress_EndsWithUnavailable()
    {
        TestServer server = await TestServer.StartAsync();
        await server.DisposeAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            async () => await new Protos.Contract.ContractClient(channel).EchoAsync(new EchoRequest()));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
    }

    [Fact]
    public async Task Wait_ChannelDisposed_EndsTheCallAsCancelled()
    {
        await using TestServer server = await TestServer.StartAsync();
        GrpcChannel channel = GrpcChannel.ForAddress(server.Address);

        using AsyncUnaryCall<EchoReply> call = new Protos.Contract.ContractClient(channel).WaitAsync(new EchoRequest());
        await server.Seen.StartedAsync();
        channel.Dispose();
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        Assert.Equal("Wait", await server.Seen.CancelledAsync());
    }

    [Fact]
    public async Task GetStatus_CallUnderWay_IsRefused()
    {
        await using TestServer server = await TestServer.StartAsync();

        using AsyncUnaryCall<EchoReply> call = server.Client.WaitAsync(new EchoRequest());

        Assert.Throws<InvalidOperationException>(() => call.GetStatus());
        Assert.Throws<InvalidOperationException>(() => call.GetTrailers());
    }
}
