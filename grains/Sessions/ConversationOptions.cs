using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Grains.Sessions;

/// <summary>How long stored conversations are kept, and how large they may be.</summary>
public sealed class ConversationOptions
{
    public const string Section = "Conversations";

    /// <summary>A conversation is dropped this long after its last turn.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3660.00:00:00")]
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Requests that one conversation may have seen.</summary>
    [Range(1, 10_000)]
    public int MaxTurns { get; set; } = 1_000;

    /// <summary>Bytes of one conversation as it is stored: it is read and written as a whole with each turn.</summary>
    [Range(1_024, 16_777_216)]
    public int MaxBytes { get; set; } = 1_048_576;

    /// <summary>What one tenant's conversations may take; beyond it, the one whose last turn is longest ago goes.</summary>
    [Range(1_024L, 1_099_511_627_776L)]
    public long MaxTenantBytes { get; set; } = 268_435_456;

    /// <summary>
    /// How long a turn keeps others out whose frontend has died; one that merely takes longer is still stored, unless another has
    /// overtaken it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan TurnLease { get; set; } = TimeSpan.FromMinutes(2);
}
