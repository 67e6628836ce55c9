using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Engine;

/// <summary>What a user may tune of one engine.</summary>
public sealed class EngineOptions
{
    public const string Section = "Engine";

    public const string SpeculationOff = "off";

    public const string SpeculationByPromptLookup = "prompt-lookup";

    /// <summary>
    /// Sequences that may wait for a slot. A longer queue only turns a refusal into a late answer: at 16 slots, 256 is sixteen
    /// generations of requests, which is already longer than most clients wait.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxWaiting { get; set; } = 256;

    /// <summary>
    /// Prompt tokens that one step computes at most; the runner's own limit applies too. It is used where nobody decodes; chunks of
    /// 128 to 256 were measured to cost nothing against one long run.
    /// </summary>
    [Range(1, 8192)]
    public int PrefillChunk { get; set; } = 256;

    /// <summary>
    /// Prompt tokens that a step computes even where they cost more than <see cref="PrefillShare"/> allows, so that every prompt gets
    /// on. A chunk costs one pass over the weights however short it is: larger brings first tokens sooner and makes streams uneven.
    /// </summary>
    [Range(1, 8192)]
    public int ShortestPrefillChunk { get; set; } = 8;

    /// <summary>
    /// The time of a chunk beside running streams, as a part of the measured time of their decode run. Below 1 a stream's tokens come
    /// at most at twice their usual distance while another's prompt is computed; the rest of 0.1 is for the error of the estimate.
    /// </summary>
    [Range(0.01, 100)]
    public double PrefillShare { get; set; } = 0.9;

    /// <summary>
    /// Positions of keys and values that running sequences and what ended ones left hold together; 0 for slots x context. When it runs
    /// out, what ended sequences left goes first, then the youngest running one waits again.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int KvTokens { get; set; }

    /// <summary>
    /// The part of all slots that the ended sequences of one tenant may keep before they, and not another tenant's, give way. Half
    /// leaves a lone tenant everything, because nothing gives way while slots are empty, and a flood cannot take the quiet ones' prefixes.
    /// </summary>
    [Range(0.0, 1.0)]
    public double ResidentShare { get; set; } = 0.5;

    /// <summary>
    /// Tokens per block in what the engine tells about the prefixes that it holds. A router that asks must use the same; 64 tokens are
    /// less than the shortest prefix worth a detour, and a context of 32,768 has 512 of them.
    /// </summary>
    [Range(1, 1024)]
    public int PrefixBlock { get; set; } = 64;

    /// <summary>
    /// <c>prompt-lookup</c> drafts the tokens of a sequence that decodes alone from what followed its last ones before, and verifies them
    /// in one run; no token changes. Only for a model whose rows have the same bits from a prompt's chunk as from a decode run, which an
    /// int8 KV cache gives. <c>off</c> where nobody asks for it: text without repeats gains nothing.
    /// </summary>
    [RegularExpression($"^({SpeculationOff}|{SpeculationByPromptLookup})$")]
    public string Speculation { get; set; } = SpeculationOff;

    /// <summary>
    /// Work waiting for this long without a finished step counts as stalled: the engine is built anew, and what it computes goes on
    /// elsewhere. Ten seconds is far above the longest step seen (a chunk of 256 tokens of a 1.5B model takes about one second on two
    /// cores).
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StallLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Failing steps in a row, without one run that succeeded, after which the device and not the requests is taken to be at fault.
    /// Three, because two bad requests one after the other are plausible and a third is not.
    /// </summary>
    [Range(1, 100)]
    public int FaultLimit { get; set; } = 3;

    /// <summary>
    /// How often a broken engine is built anew within <see cref="RebuildWindow"/>; beyond it the engine is given up and its streams
    /// move. A request that breaks engines costs two, so ten leave room for five of them; a device that is lost fails its first probe.
    /// </summary>
    [Range(0, 1_000)]
    public int MaxRebuilds { get; set; } = 10;

    /// <summary>See <see cref="MaxRebuilds"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan RebuildWindow { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Building anew for longer than this gives the engine up: what a large model's weights take from a local disk. Its streams have
    /// gone elsewhere long before, see <see cref="StallLimit"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RebuildLimit { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The wait after a first failed build; it doubles with each further one, of which <see cref="FaultLimit"/> in a row are the end.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan RebuildBackoff { get; set; } = TimeSpan.FromSeconds(1);
}
