using DeepSeekOrleans.Embedded.Lifecycle;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Hosting;

public static class SiloBuilderStartupExtensions
{
    /// <param name="stage">See <see cref="ServiceLifecycleStage"/>; from <see cref="ServiceLifecycleStage.Active"/> on, grains can be called.</param>
    public static ISiloBuilder AddStartupTask(
        this ISiloBuilder builder,
        Func<IServiceProvider, CancellationToken, Task> startupTask,
        int stage = ServiceLifecycleStage.Active)
    {
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services =>
            new StartupTaskParticipant(cancellation => startupTask(services, cancellation), stage));
        return builder;
    }

    public static ISiloBuilder AddStartupTask(
        this ISiloBuilder builder,
        IStartupTask startupTask,
        int stage = ServiceLifecycleStage.Active) =>
        builder.AddStartupTask((_, cancellation) => startupTask.Execute(cancellation), stage);

    public static ISiloBuilder AddStartupTask<TStartup>(this ISiloBuilder builder, int stage = ServiceLifecycleStage.Active)
        where TStartup : class, IStartupTask =>
        builder.AddStartupTask(
            (services, cancellation) => ActivatorUtilities.GetServiceOrCreateInstance<TStartup>(services).Execute(cancellation),
            stage);
}
