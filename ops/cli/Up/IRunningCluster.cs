using System.Text.Json.Serialization;
using DeepSeekOrleans.Silo;
using Microsoft.Extensions.DependencyInjection;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>A cluster that <c>up</c> holds, in this process or in several.</summary>
internal interface IRunningCluster : IAsyncDisposable
{
    ReadyCluster Ready { get; }

    /// <summary>Stops the frontend first, so that no stream begins on a silo that is about to go.</summary>
    Task StopAsync();

    Task<IReadOnlyList<SiloState>> ListAsync(CancellationToken cancellationToken);

    IReadOnlyList<FrontendState> Frontends { get; }

    /// <exception cref="CliException">There is a silo of that name, or it did not start.</exception>
    Task AddAsync(string name, CancellationToken cancellationToken);

    /// <summary>The silo takes no new work, leaves the cluster and ends.</summary>
    /// <exception cref="CliException">There is no silo of that name.</exception>
    Task DrainAsync(string name, CancellationToken cancellationToken);

    /// <summary>The silo's process ends at once and without a word.</summary>
    /// <exception cref="CliException">There is no silo of that name.</exception>
    Task KillAsync(string name, CancellationToken cancellationToken);
}

/// <summary>One frontend in <c>ps</c>.</summary>
/// <param name="State">"running", or "restarting" after it has died.</param>
internal sealed record FrontendState(
    [property: JsonPropertyName("http")] string Http,
    [property: JsonPropertyName("pid")] int ProcessId,
    [property: JsonPropertyName("state")] string State)
{
    public const string Running = "running";
    public const string Restarting = "restarting";
}

/// <summary>One silo in <c>ps</c>.</summary>
/// <param name="State">"ready", "degraded" (a worker is not), "draining" or "silent" (its process does not answer).</param>
/// <param name="OpenStreams">Sequences that run or wait.</param>
/// <param name="ResidentTokens">Positions of ended sequences that are kept for prompts which begin like them.</param>
/// <param name="StreamsBegun">Sequences that its engines have taken since they started.</param>
internal sealed record SiloState(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("pid")] int ProcessId,
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("workers")] int Workers,
    [property: JsonPropertyName("open_streams")] int OpenStreams,
    [property: JsonPropertyName("resident_tokens")] int ResidentTokens,
    [property: JsonPropertyName("streams_begun")] long StreamsBegun = 0)
{
    /// <summary>Of a silo in this process.</summary>
    public static SiloState Of(IServiceProvider silo, string name)
    {
        var health = silo.GetRequiredService<SiloHealth>();
        var load = silo.GetRequiredService<SiloLoad>();
        return new SiloState(
            name, Environment.ProcessId, health.IsReady ? "ready" : "degraded", health.Workers.Count, load.OpenStreams, load.ResidentTokens,
            load.StreamsBegun);
    }
}
