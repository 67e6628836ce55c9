using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;
using DeepSeekOrleans.Grains.PromptCaches;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Grains.Sessions;
using DeepSeekOrleans.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Runtime;

namespace DeepSeekOrleans.Grains;

public static class DeepSeekGrainsSiloBuilderExtensions
{
    /// <summary>
    /// Adds what the grains need of a silo. The caller registers an <see cref="IWorkerEngineSource"/> and, where the defaults do not
    /// suit, configures <see cref="GpuWorkerOptions"/>, <see cref="RoutingOptions"/>,
    /// <see cref="ResponseCacheOptions"/>, <see cref="ConversationOptions"/> and <see cref="StorageOptions"/>.
    /// </summary>
    public static ISiloBuilder AddDeepSeekGrains(this ISiloBuilder silo)
    {
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.TryAddSingleton(ContractVersion.OfThisBuild);
        silo.Services.AddOptions<GpuWorkerOptions>();
        silo.Services.AddOptions<RoutingOptions>();
        silo.Services.AddOptions<ResponseCacheOptions>();
        silo.Services.AddOptions<ConversationOptions>();
        silo.Services.AddValueStore();
        silo.Services.AddSingleton<AnswerStore>();
        silo.Services.AddSingleton<ConversationStore>();
        silo.Services.AddSingleton<LocalWorkers>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<LocalWorkers>());
        return silo.AddPlacementDirector<SiloNamedPlacement, SiloNamedPlacementDirector>();
    }
}
