using Grpc.Core;

namespace DeepSeekOrleans.Embedded.Grpc.Client;

/// <summary>Starts calls over one channel.</summary>
internal sealed class HttpCallInvoker(CallConnection connection) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request)
    {
        using AsyncUnaryCall<TResponse> call = AsyncUnaryCall(method, host, options, request);
        return call.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request)
    {
        GrpcCall<TRequest, TResponse> call = new(connection, method, options);
        Task<TResponse> response = call.ReadSingleAsync(call.StartWithRequest(host, request));
        return new AsyncUnaryCall<TResponse>(response, call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request)
    {
        GrpcCall<TRequest, TResponse> call = new(connection, method, options);
        ClientResponseStream<TRequest, TResponse> responses = new(call, call.StartWithRequest(host, request));
        return new AsyncServerStreamingCall<TResponse>(responses, call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options)
    {
        GrpcCall<TRequest, TResponse> call = new(connection, method, options);
        ClientRequestStream<TRequest, TResponse> requests = new(call);
        Task<TResponse> response = call.ReadSingleAsync(call.StartWithStream(host, requests.Content));
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            requests, response, call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options)
    {
        GrpcCall<TRequest, TResponse> call = new(connection, method, options);
        ClientRequestStream<TRequest, TResponse> requests = new(call);
        ClientResponseStream<TRequest, TResponse> responses = new(call, call.StartWithStream(host, requests.Content));
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            requests, responses, call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }
}
