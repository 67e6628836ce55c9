using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Embedded.Grpc.Server;

/// <summary>The service object of one call: the registered one, or one that is created for the call and disposed after it.</summary>
internal readonly struct ServiceLease<TService> : IAsyncDisposable
    where TService : class
{
    private static readonly ObjectFactory<TService> Create = ActivatorUtilities.CreateFactory<TService>([]);

    private readonly bool _owned;

    private ServiceLease(TService service, bool owned)
    {
        Service = service;
        _owned = owned;
    }

    public TService Service { get; }

    public static ServiceLease<TService> Take(IServiceProvider services) => services.GetService<TService>() is { } registered
        ? new ServiceLease<TService>(registered, owned: false)
        : new ServiceLease<TService>(Create(services, []), owned: true);

    public ValueTask DisposeAsync()
    {
        if (_owned && Service is IAsyncDisposable asyncDisposable)
        {
            return asyncDisposable.DisposeAsync();
        }

        if (_owned && Service is IDisposable disposable)
        {
            disposable.Dispose();
        }

        return ValueTask.CompletedTask;
    }
}
