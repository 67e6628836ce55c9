using DeepSeekOrleans.Embedded.Grpc.Protocol;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>Serves one call: read the request, run the method, write the response.</summary>
internal delegate Task ServerCall(HttpServerCallContext call);

/// <summary>The four kinds of call.</summary>
internal static class ServerCalls
{
    public static ServerCall Unary<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        UnaryServerMethod<TRequest, TResponse> target)
        where TRequest : class
        where TResponse : class => async call =>
        {
            TRequest request = await Messages(call, method).ReadSingleAsync(CancellationToken.None).ConfigureAwait(false);
            TResponse? response = await target(request, call).ConfigureAwait(false);
            await WriteSingleAsync(call, method, response).ConfigureAwait(false);
        };

    public static ServerCall ClientStreaming<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ClientStreamingServerMethod<TRequest, TResponse> target)
        where TRequest : class
        where TResponse : class => async call =>
        {
            LiftRequestLimits(call);
            RequestStream<TRequest> requests = new(call, Messages(call, method));
            TResponse? response = await target(requests, call).ConfigureAwait(false);
            requests.Close();
            await WriteSingleAsync(call, method, response).ConfigureAwait(false);
        };

    public static ServerCall ServerStreaming<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ServerStreamingServerMethod<TRequest, TResponse> target)
        where TRequest : class
        where TResponse : class => async call =>
        {
            LiftTimeout(call);
            TRequest request = await Messages(call, method).ReadSingleAsync(CancellationToken.None).ConfigureAwait(false);
            ResponseStream<TResponse> responses = new(call, method.ResponseMarshaller.ContextualSerializer);
            await target(request, responses, call).ConfigureAwait(false);
        };

    public static ServerCall DuplexStreaming<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse> target)
        where TRequest : class
        where TResponse : class => async call =>
        {
            LiftRequestLimits(call);
            RequestStream<TRequest> requests = new(call, Messages(call, method));
            ResponseStream<TResponse> responses = new(call, method.ResponseMarshaller.ContextualSerializer);
            await target(requests, responses, call).ConfigureAwait(false);
            requests.Close();
        };

    private static MessageReader<TRequest> Messages<TRequest, TResponse>(HttpServerCallContext call, Method<TRequest, TResponse> method)
        where TRequest : class =>
        new(call.HttpContext.Request.BodyReader, method.RequestMarshaller.ContextualDeserializer, call.ReceiveRules);

    private static Task WriteSingleAsync<TRequest, TResponse>(
        HttpServerCallContext call,
        Method<TRequest, TResponse> method,
        TResponse? response)
        where TResponse : class
    {
        if (response is null)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."));
        }

        return call.WriteMessageAsync(response, method.ResponseMarshaller.ContextualSerializer, CancellationToken.None);
    }

    /// <summary>A request stream may pause, and its sum has no limit: each message has one.</summary>
    private static void LiftRequestLimits(HttpServerCallContext call)
    {
        LiftTimeout(call);
        IFeatureCollection features = call.HttpContext.Features;
        if (features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }

    private static void LiftTimeout(HttpServerCallContext call) => call.HttpContext.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
}
