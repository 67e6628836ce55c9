using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>One line of <c>up --json</c>.</summary>
/// <param name="Event">"preparing", "converting", "fitting" (less context than the model has), "loading", "one-process" (there is no Redis server), "waiting" (for the Redis server), "ready", "stopping" or "stopped".</param>
/// <param name="Text">The same for a person.</param>
/// <param name="Ready">Set when <paramref name="Event"/> is "ready".</param>
internal sealed record UpEvent(
    [property: JsonPropertyName("event")] string Event,
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("ready")] ReadyCluster? Ready = null);

/// <summary>Where a started cluster is to be found.</summary>
internal sealed record ReadyCluster(
    [property: JsonPropertyName("frontends")] IReadOnlyList<FrontendAddress> Frontends,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("silos")] IReadOnlyList<string> Silos,
    [property: JsonPropertyName("pid")] int ProcessId)
{
    /// <summary>Of the first frontend.</summary>
    [JsonPropertyName("http")]
    public string Http => Frontends[0].Http;

    /// <inheritdoc cref="Http"/>
    [JsonPropertyName("grpc")]
    public string Grpc => Frontends[0].Grpc;
}

internal sealed record FrontendAddress([property: JsonPropertyName("http")] string Http, [property: JsonPropertyName("grpc")] string Grpc)
{
    public static FrontendAddress Of(LocalClusterSettings settings) =>
        new($"http://127.0.0.1:{settings.HttpPort}", $"127.0.0.1:{settings.GrpcPort}");
}

[JsonSerializable(typeof(UpEvent))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class UpEventContext : JsonSerializerContext;
