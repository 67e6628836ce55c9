using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Silo;

/// <summary>One silo: its name in the cluster, where it listens, and what it serves.</summary>
public sealed class SiloHostOptions
{
    public const string Section = "Silo";

    /// <summary>Unique in the cluster; the first part of the keys of this silo's workers.</summary>
    [RegularExpression(NamePattern)]
    public string Name { get; set; } = "silo-1";

    /// <summary>The devices that get a worker for each model; <c>cpu0</c> when none is given.</summary>
    public IList<string> Devices { get; } = [];

    /// <summary>The models that each device serves; at least one.</summary>
    public IList<ServedModel> Models { get; } = [];

    /// <summary>TCP port for the other silos.</summary>
    [Range(1, 65_535)]
    public int SiloPort { get; set; } = 11_111;

    /// <summary>TCP port for frontends.</summary>
    [Range(1, 65_535)]
    public int GatewayPort { get; set; } = 30_000;

    /// <summary>
    /// TCP port on loopback where whoever started the process may ask for <c>/health/live</c> and <c>/health/ready</c>; 0 for none.
    /// </summary>
    [Range(0, 65_535)]
    public int HealthPort { get; set; }

    /// <summary>The silo port of the silo on this machine that the others join; 0 when this is that silo.</summary>
    [Range(0, 65_535)]
    public int PrimarySiloPort { get; set; }

    /// <summary>
    /// The Redis server, as host:port, where silos and frontends of several processes find each other; empty when all of them run in this
    /// process, or when <see cref="PrimarySiloPort"/> leads to the others.
    /// </summary>
    public string Redis { get; set; } = "";

    /// <summary>Silos and frontends with the same cluster id find each other.</summary>
    [RegularExpression(NamePattern)]
    public string ClusterId { get; set; } = "deepseek";

    // names become parts of grain keys, which are separated by slashes, and of log lines
    internal const string NamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    internal IEnumerable<string> EffectiveDevices => Devices.Count == 0 ? ["cpu0"] : Devices;
}

/// <summary>A prepared model that a silo serves.</summary>
public sealed class ServedModel
{
    /// <summary>What clients call it, and the last part of the keys of its workers.</summary>
    public string Name { get; set; } = "";

    /// <summary>The prepared directory: the ONNX graph beside the configuration and tokenizer files.</summary>
    public string Directory { get; set; } = "";

    /// <summary>SHA-256 of the model's content in lower-case hex.</summary>
    public string Version { get; set; } = "";

    /// <summary>How its matrix products are computed, for example "fp32"; told in the evidence of answers.</summary>
    public string Precision { get; set; } = "";
}
