using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>Where values outlive a grain. Without Redis and directory they are kept in the silo's memory alone.</summary>
public sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>The Redis servers, as StackExchange.Redis reads them: <c>host:port,host:port,password=...</c>. Empty for none.</summary>
    public string Redis { get; set; } = "";

    /// <summary>A directory for one machine's silos, used when <see cref="Redis"/> is empty. Empty for none.</summary>
    public string Directory { get; set; } = "";

    /// <summary>Memory for values of all tenants, in front of what is configured above.</summary>
    [Range(0L, 17_179_869_184L)]
    public long MaxMemoryBytes { get; set; } = 67_108_864;

    /// <summary>
    /// What one look-up may take before it is given up: some hundred times what Redis needs on a local network, and less than anybody
    /// notices in the time to a first token.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:00:01")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The same for state that requests cannot do without: they rather wait than fail.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:05")]
    public TimeSpan StateTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Memory for state of all tenants, where nothing else is configured to keep it.</summary>
    [Range(1_048_576L, 17_179_869_184L)]
    public long MaxStateMemoryBytes { get; set; } = 268_435_456;

    /// <summary>How long a store that has failed is left alone.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:01:00")]
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(1);
}
