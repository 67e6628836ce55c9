using DeepSeekOrleans.Frontend.Grpc.Health.V1;
using DeepSeekOrleans.Frontend.Grpc.V1;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace DeepSeekOrleans.Frontend.Tests.Grpc;

/// <summary>A gRPC client of the frontend's services; the product itself has none.</summary>
internal sealed class TestGrpcClient(TestFrontend frontend) : IDisposable
{
    private static readonly Method<GenerateRequest, GenerateResponse> GenerateMethod = new(
        MethodType.ServerStreaming,
        "deepseek.v1.Inference",
        "Generate",
        MarshallerOf(GenerateRequest.Parser),
        MarshallerOf(GenerateResponse.Parser));

    private static readonly Method<HealthCheckRequest, HealthCheckResponse> CheckMethod = new(
        MethodType.Unary, "grpc.health.v1.Health", "Check", MarshallerOf(HealthCheckRequest.Parser), MarshallerOf(HealthCheckResponse.Parser));

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(frontend.GrpcAddress);

    public AsyncServerStreamingCall<GenerateResponse> Generate(GenerateRequest request, CallOptions options = default) =>
        _channel.CreateCallInvoker().AsyncServerStreamingCall(GenerateMethod, null, options, request);

    public async Task<List<GenerateResponse>> GenerateAllAsync(GenerateRequest request, CallOptions options = default)
    {
        using AsyncServerStreamingCall<GenerateResponse> call = Generate(request, options);
        var responses = new List<GenerateResponse>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            responses.Add(call.ResponseStream.Current);
        }

        return responses;
    }

    public async Task<HealthCheckResponse> CheckAsync(string service)
    {
        using AsyncUnaryCall<HealthCheckResponse> call = _channel
            .CreateCallInvoker()
            .AsyncUnaryCall(CheckMethod, null, default, new HealthCheckRequest { Service = service });
        return await call.ResponseAsync;
    }

    public void Dispose() => _channel.Dispose();

    private static Marshaller<T> MarshallerOf<T>(MessageParser<T> parser)
        where T : IMessage<T> => new(message => message.ToByteArray(), parser.ParseFrom);
}
