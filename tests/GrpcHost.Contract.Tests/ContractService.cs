using DeepSeekOrleans.GrpcHost.Contract.Tests.Protos;
using Grpc.Core;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>Does what each test asks for; created per call.</summary>
internal sealed class ContractService(Observations observations) : Protos.Contract.ContractBase
{
    public override Task<EchoReply> Echo(EchoRequest request, ServerCallContext context) =>
        Task.FromResult(new EchoReply { Text = request.Text, Padding = request.Padding });

    public override async Task Count(CountRequest request, IServerStreamWriter<CountReply> responseStream, ServerCallContext context)
    {
        if (request.To == 0)
        {
            observations.Start(context);
        }

        try
        {
            for (int value = 1; (request.To == 0 || value <= request.To) && !context.CancellationToken.IsCancellationRequested; value++)
            {
                await responseStream.WriteAsync(new CountReply { Value = value }, CancellationToken.None);
            }
        }
        finally
        {
            // An endless count ends by its token, or by a write that is refused a moment before the token tells.
            observations.Cancel("Count");
        }
    }

    public override async Task<SumReply> Sum(IAsyncStreamReader<CountReply> requestStream, ServerCallContext context)
    {
        SumReply sum = new();
        await foreach (CountReply next in requestStream.ReadAllAsync(context.CancellationToken))
        {
            sum.Total += next.Value;
        }

        return sum;
    }

    public override async Task Chat(
        IAsyncStreamReader<EchoRequest> requestStream,
        IServerStreamWriter<EchoReply> responseStream,
        ServerCallContext context)
    {
        await foreach (EchoRequest request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(new EchoReply { Text = request.Text }, context.CancellationToken);
        }
    }

    public override Task<EchoReply> Fail(FailRequest request, ServerCallContext context) =>
        throw new RpcException(new Status((StatusCode)request.Code, request.Message), new Metadata { { "x-why", "asked" } });

    public override Task<EchoReply> Break(EchoRequest request, ServerCallContext context) =>
        throw new InvalidOperationException("secret: " + request.Text);

    public override async Task<EchoReply> Wait(EchoRequest request, ServerCallContext context)
    {
        observations.Start(context);
        using CancellationTokenRegistration cancelled = context.CancellationToken.Register(() => observations.Cancel("Wait"));
        await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
        return new EchoReply();
    }

    public override async Task<EchoReply> Stall(EchoRequest request, ServerCallContext context)
    {
        observations.Start(context);
        await observations.ReleasedAsync();
        context.ResponseTrailers.Add("x-late", "yes");
        return new EchoReply();
    }

    public override async Task<EchoReply> Reflect(EchoRequest request, ServerCallContext context)
    {
        Metadata headers = [];
        foreach (Metadata.Entry entry in context.RequestHeaders.Where(entry => entry.Key is "x-text" or "x-data-bin"))
        {
            headers.Add(entry);
            context.ResponseTrailers.Add(entry);
        }

        await context.WriteResponseHeadersAsync(headers);
        return new EchoReply { Text = request.Text };
    }
}
