using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Grains.PromptCaches;

/// <summary>How long exact answers are kept, and how many; and how many are known while they are computed.</summary>
public sealed class ResponseCacheOptions
{
    public const string Section = "ResponseCache";

    /// <summary>An answer is dropped this long after it was computed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>What one tenant's answers may take; each counts its tokens, its key and a flat 256 bytes. 0 keeps none.</summary>
    [Range(0L, 17_179_869_184L)]
    public long MaxTenantBytes { get; set; } = 67_108_864;

    /// <summary>
    /// Answers whose computation equal requests of other frontends can find; the oldest is forgotten beyond it, and an equal request
    /// then costs a computation of its own. Far above what a cluster computes at once.
    /// </summary>
    [Range(16, 1_048_576)]
    public int MaxUnderWay { get; set; } = 16_384;
}
