using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Grains.Routing;

/// <summary>How requests are spread over the workers of a model.</summary>
public sealed class RoutingOptions
{
    public const string Section = "Routing";

    [EnumDataType(typeof(RoutingPolicy))]
    public RoutingPolicy Policy { get; set; } = RoutingPolicy.PrefixAware;

    /// <summary>A worker that has not reported for this long gets no work and is forgotten; five missed reports by default.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:01:00")]
    public TimeSpan ReportLifetime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a router that has just been activated holds requests back until the first worker reports, instead of refusing them:
    /// one report interval with a margin. Zero refuses at once.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:04")]
    public TimeSpan FirstReportWait { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>What a refused client is told to wait.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);
}

public enum RoutingPolicy
{
    /// <summary>The worker that can give the first token soonest, by what it holds of the prompt and by its work.</summary>
    PrefixAware,

    /// <summary>The worker with the smallest share of its slots in use.</summary>
    LeastLoaded,

    /// <summary>The one with less work of two that are drawn.</summary>
    PowerOfTwo,

    /// <summary>Any worker; a yardstick for the others.</summary>
    Random,

    /// <summary>Each worker in turn; the yardstick for the others.</summary>
    RoundRobin,
}
