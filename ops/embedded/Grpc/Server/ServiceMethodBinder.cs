using System.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>One method of a service, ready to be served.</summary>
internal sealed record BoundMethod(IMethod Method, ServerCall Serve, MethodInfo Implementation);

/// <summary>
/// Receives the methods that generated code lists for <typeparamref name="TService"/> and connects each with the implementation
/// of the same name, on a service object per call, behind the interceptors.
/// </summary>
internal sealed class ServiceMethodBinder<TService>(IEnumerable<InterceptorRegistration> interceptors) : ServiceBinderBase
    where TService : class
{
    private readonly InterceptorRegistration[] _fromInnermost = [.. interceptors.Reverse()];

    public List<BoundMethod> Methods { get; } = [];

    /// <exception cref="InvalidOperationException">The type does not derive from a generated service base.</exception>
    public static List<BoundMethod> Bind(IEnumerable<InterceptorRegistration> interceptors)
    {
        for (Type? type = typeof(TService); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute)
            {
                ServiceMethodBinder<TService> binder = new(interceptors);
                MethodInfo bind = attribute.BindType.GetMethod(attribute.BindMethodName, [typeof(ServiceBinderBase), type])
                    ?? throw new InvalidOperationException($"{attribute.BindType} has no {attribute.BindMethodName}");
                bind.Invoke(null, [binder, null]);
                return binder.Methods;
            }
        }

        throw new InvalidOperationException($"{typeof(TService)} does not derive from a generated gRPC service base");
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = Open<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>(
            method, [typeof(TRequest), typeof(ServerCallContext)], out MethodInfo implementation);
        UnaryServerMethod<TRequest, TResponse> target = async (request, context) =>
        {
            ServiceLease<TService> lease = Take(context);
            await using (lease.ConfigureAwait(false))
            {
                return await invoke(lease.Service, request, context).ConfigureAwait(false);
            }
        };
        foreach (InterceptorRegistration interceptor in _fromInnermost)
        {
            UnaryServerMethod<TRequest, TResponse> inner = target;
            target = (request, context) => Resolve(interceptor, context).UnaryServerHandler(request, context, inner);
        }

        Methods.Add(new BoundMethod(method, ServerCalls.Unary(method, target), implementation));
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = Open<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>(
            method, [typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext)], out MethodInfo implementation);
        ClientStreamingServerMethod<TRequest, TResponse> target = async (requests, context) =>
        {
            ServiceLease<TService> lease = Take(context);
            await using (lease.ConfigureAwait(false))
            {
                return await invoke(lease.Service, requests, context).ConfigureAwait(false);
            }
        };
        foreach (InterceptorRegistration interceptor in _fromInnermost)
        {
            ClientStreamingServerMethod<TRequest, TResponse> inner = target;
            target = (requests, context) => Resolve(interceptor, context).ClientStreamingServerHandler(requests, context, inner);
        }

        Methods.Add(new BoundMethod(method, ServerCalls.ClientStreaming(method, target), implementation));
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = Open<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(
            method, [typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)], out MethodInfo implementation);
        ServerStreamingServerMethod<TRequest, TResponse> target = async (request, responses, context) =>
        {
            ServiceLease<TService> lease = Take(context);
            await using (lease.ConfigureAwait(false))
            {
                await invoke(lease.Service, request, responses, context).ConfigureAwait(false);
            }
        };
        foreach (InterceptorRegistration interceptor in _fromInnermost)
        {
            ServerStreamingServerMethod<TRequest, TResponse> inner = target;
            target = (request, responses, context) =>
                Resolve(interceptor, context).ServerStreamingServerHandler(request, responses, context, inner);
        }

        Methods.Add(new BoundMethod(method, ServerCalls.ServerStreaming(method, target), implementation));
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = Open<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(
            method,
            [typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)],
            out MethodInfo implementation);
        DuplexStreamingServerMethod<TRequest, TResponse> target = async (requests, responses, context) =>
        {
            ServiceLease<TService> lease = Take(context);
            await using (lease.ConfigureAwait(false))
            {
                await invoke(lease.Service, requests, responses, context).ConfigureAwait(false);
            }
        };
        foreach (InterceptorRegistration interceptor in _fromInnermost)
        {
            DuplexStreamingServerMethod<TRequest, TResponse> inner = target;
            target = (requests, responses, context) =>
                Resolve(interceptor, context).DuplexStreamingServerHandler(requests, responses, context, inner);
        }

        Methods.Add(new BoundMethod(method, ServerCalls.DuplexStreaming(method, target), implementation));
    }

    private static ServiceLease<TService> Take(ServerCallContext context) =>
        ServiceLease<TService>.Take(context.GetHttpContext().RequestServices);

    private static Interceptor Resolve(InterceptorRegistration interceptor, ServerCallContext context) =>
        interceptor.Resolve(context.GetHttpContext().RequestServices);

    /// <summary>A delegate that takes the service object as its first argument.</summary>
    private static TDelegate Open<TDelegate>(IMethod method, Type[] parameters, out MethodInfo implementation)
        where TDelegate : Delegate
    {
        implementation = typeof(TService).GetMethod(method.Name, BindingFlags.Public | BindingFlags.Instance, parameters)
            ?? throw new InvalidOperationException($"{typeof(TService)} has no method {method.Name}");
        return implementation.CreateDelegate<TDelegate>();
    }
}
