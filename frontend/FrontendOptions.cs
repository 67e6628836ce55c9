using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Frontend;

/// <summary>Where the frontend listens and which models it offers.</summary>
public sealed class FrontendOptions
{
    public const string Section = "Frontend";

    /// <summary>The IP address to listen on. Any address but loopback needs keys, see <see cref="Admission.AdmissionOptions"/>.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The HTTP port; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int HttpPort { get; set; } = 8080;

    /// <summary>The gRPC port (HTTP/2 without TLS); 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int GrpcPort { get; set; } = 50051;

    /// <summary>Open client connections over both ports: one more is closed, so that descriptors stay for the cluster.</summary>
    [Range(1, 100_000)]
    public int MaxConnections { get; set; } = 4096;

    /// <summary>How long a health probe waits for the routers before it calls a model not ready.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan ReadinessTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long rehearsed requests may keep this process from being ready, counted from the first worker on; 0 leaves them out.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan RehearsalLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The models on offer; at least one.</summary>
    public IList<ServedModelOptions> Models { get; set; } = [];
}

/// <summary>One model on offer.</summary>
public sealed class ServedModelOptions
{
    /// <summary>The name in the cluster: 1 to 128 of the characters A-Z a-z 0-9 . _ - :</summary>
    public string Name { get; set; } = "";

    /// <summary>The prepared model directory: tokenizer, template and configuration are read from it.</summary>
    public string Directory { get; set; } = "";

    /// <summary>Which weights the cluster serves under this name; part of every cache key. Empty when there is only ever one.</summary>
    public string Version { get; set; } = "";

    /// <summary>Tokens of prompt and answer that the workers of this model have room for; 0 when they take what the model was made for.</summary>
    public int ContextLength { get; set; }

    /// <summary>Further names that clients may use.</summary>
    public IList<string> Aliases { get; set; } = [];
}
