using DeepSeekOrleans.Grains.GpuWorkers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Silo;

/// <summary>For a silo that has a process to itself.</summary>
public static class SiloProcess
{
    // what the process ends with when the silo could not leave its cluster
    private const int LeftBehind = 1;

    // where the membership table is out of reach, the runtime tries for two minutes to write there that it leaves, while nothing of it
    // serves any more
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(5);

    // the callback of a timer that nobody holds may never come
    private static ITimer? _stopping;

    /// <summary>
    /// From when the silo begins to stop, its process has <see cref="GpuWorkerOptions.DrainLimit"/> and five seconds more: then it ends, and
    /// the others find it dead.
    /// </summary>
    public static void LimitStop(IHost silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        var time = silo.Services.GetService<TimeProvider>() ?? TimeProvider.System;
        TimeSpan limit = silo.Services.GetRequiredService<IOptions<GpuWorkerOptions>>().Value.DrainLimit + LeaveLimit;
        silo.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(
            () => _stopping = time.CreateTimer(_ => End(limit), state: null, limit, Timeout.InfiniteTimeSpan));
    }

    private static void End(TimeSpan limit)
    {
        Console.Error.WriteLine($"the silo could not leave its cluster within {limit.TotalSeconds} s; the process ends all the same");
        Environment.Exit(LeftBehind);
    }
}
