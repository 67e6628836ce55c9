using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Frontend;

/// <summary>Which cluster this process is a client of, when it runs on its own.</summary>
public sealed class ClusterConnectionOptions
{
    public const string Section = "Cluster";

    public string ServiceId { get; set; } = "deepseek";

    public string ClusterId { get; set; } = "local";

    /// <summary>The Redis server, as host:port, that names the silos; empty when <see cref="GatewayPort"/> leads to them.</summary>
    public string Redis { get; set; } = "";

    /// <summary>The silos' gateway port on this machine.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;
}
