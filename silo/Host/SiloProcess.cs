using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DeepSeekOrleans.Silo;

/// <summary>For a silo that has a process to itself.</summary>
public static class SiloProcess
{
    /// <summary>What the process ends with when the silo could not leave its cluster.</summary>
    public const int LeftBehind = 1;

    // streams move and the silo leaves in less than five seconds; where the membership table is out of reach, the runtime tries for two
    // minutes to write there that it leaves, while nothing of it serves any more
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    // the callback of a timer that nobody holds may never come
    private static ITimer? _stopping;

    /// <summary>From when the silo begins to stop, its process has fifteen seconds: then it ends, and the others find it dead.</summary>
    public static void LimitStop(IHost silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        var time = silo.Services.GetService<TimeProvider>() ?? TimeProvider.System;
        silo.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(
            () => _stopping = time.CreateTimer(static _ => End(), state: null, StopLimit, Timeout.InfiniteTimeSpan));
    }

    private static void End()
    {
        Console.Error.WriteLine($"the silo could not leave its cluster within {StopLimit.TotalSeconds} s; the process ends all the same");
        Environment.Exit(LeftBehind);
    }
}
