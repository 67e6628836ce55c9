using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>How a worker talks to frontends and to the router.</summary>
public sealed class GpuWorkerOptions
{
    public const string Section = "Worker";

    /// <summary>
    /// A frontend with open streams hears something at least once in two of these. 100 ms keeps the promised 250 ms with a margin for
    /// a late timer; a shorter one costs messages.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:00.120")]
    public TimeSpan BeatInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The pump rests this long after a message, so that a small model on a fast device does not spend its time on messages: steps that
    /// come meanwhile share the next one. A token waits no longer than this. Zero sends every step on its own.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.100")]
    public TimeSpan MessageInterval { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// A frontend that does not answer a message for this long is taken for dead and its streams are cancelled. By then it doubts them
    /// itself, because it has heard nothing for a second.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:10")]
    public TimeSpan FrontendLimit { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// A message that has not been answered for this long is sent again. Far above what an answer takes on a busy machine, and a few
    /// times within <see cref="FrontendLimit"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:01")]
    public TimeSpan ResendInterval { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>
    /// How long a worker that is told to go computes streams on which no other worker could take up; where there is one they move at
    /// once. Half of the 30 seconds that service managers give a process before they kill it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:25")]
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often the router hears from a worker to which nothing happens.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:01.500")]
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Tokens that the engine has produced and the pump has not yet sent. Beyond it the worker gives its streams up, to be continued
    /// elsewhere, instead of growing its heap: 65,536 is more than ten seconds of the fastest engine that we know.
    /// </summary>
    [Range(1_024, 16_777_216)]
    public int MaxUnsentTokens { get; set; } = 65_536;

    /// <summary>Frontends whose message numbers a worker remembers; beyond it the longest idle one starts a new epoch.</summary>
    [Range(1, 65_536)]
    public int MaxFrontends { get; set; } = 1_024;

    /// <summary>Cancelled or superseded attempts that are remembered, so that a start which arrives late is refused.</summary>
    [Range(16, 1_048_576)]
    public int MaxFencedAttempts { get; set; } = 4_096;
}
