using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace DeepSeekOrleans.Grains.Storage;

internal static class StorageServices
{
    /// <summary>Adds the silo's stores, as its options say: one for what may be lost, and one for what may not.</summary>
    public static IServiceCollection AddValueStore(this IServiceCollection services)
    {
        services.AddOptions<StorageOptions>();
        services.AddSingleton(provider => new RedisConnection(OptionsOf(provider).Redis));
        services.AddSingleton(provider => new FileStore(OptionsOf(provider).Directory, ClusterIdOf(provider), TimeOf(provider)));
        services.AddSingleton(CreateState);
        return services.AddSingleton(Create);
    }

    private static IValueStore Create(IServiceProvider provider)
    {
        StorageOptions options = OptionsOf(provider);
        var memory = new MemoryStore(options.MaxMemoryBytes, TimeOf(provider));
        return Far(provider, options.Timeout) is { } far ? new LayeredStore(memory, far) : memory;
    }

    private static StateStore CreateState(IServiceProvider provider)
    {
        StorageOptions options = OptionsOf(provider);
        IValueStore? far = Far(provider, options.StateTimeout);
        return new StateStore(far ?? new MemoryStore(options.MaxStateMemoryBytes, TimeOf(provider)));
    }

    /// <summary>What outlives the silo; null when nothing does.</summary>
    private static GuardedStore? Far(IServiceProvider provider, TimeSpan timeout)
    {
        StorageOptions options = OptionsOf(provider);
        IValueStore? far = options switch
        {
            { Redis.Length: > 0 } => new RedisStore(provider.GetRequiredService<RedisConnection>(), ClusterIdOf(provider)),
            { Directory.Length: > 0 } => provider.GetRequiredService<FileStore>(),
            _ => null,
        };
        return far is null
            ? null
            : new GuardedStore(far, timeout, options.BreakDuration, TimeOf(provider), provider.GetRequiredService<ILogger<GuardedStore>>());
    }

    private static StorageOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<StorageOptions>>().Value;

    private static string ClusterIdOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId;

    private static TimeProvider TimeOf(IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();
}
