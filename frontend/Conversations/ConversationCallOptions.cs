using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Frontend.Conversations;

/// <summary>How a frontend asks for stored conversations.</summary>
public sealed class ConversationCallOptions
{
    public const string Section = "Conversations";

    /// <summary>
    /// How long a call is made again while nobody answers: a silo that has died is replaced within about a second. An answer that has been
    /// computed waits as long for the store.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(5);
}
