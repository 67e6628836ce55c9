using System.ComponentModel.DataAnnotations;

namespace DeepSeekOrleans.Engine.Embedding;

/// <summary>What a user may tune of one embedding engine.</summary>
public sealed class EmbeddingOptions
{
    public const string Section = "Embedding";

    /// <summary>Texts that may wait. One request may bring hundreds, and a text takes milliseconds.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 4096;

    /// <summary>Texts that the model gets at once at most.</summary>
    [Range(1, 1024)]
    public int MaxBatch { get; set; } = 32;

    /// <summary>Tokens of a batch at most, padding included: it bounds the memory of one run and how long others wait for it.</summary>
    [Range(512, 1_048_576)]
    public int MaxBatchTokens { get; set; } = 8192;

    /// <summary>How long the first text of a batch waits for company. A text of 20 tokens takes about as long.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan BatchWindow { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>UTF-16 units of one text at most; a longer one is refused before it is cut into tokens.</summary>
    [Range(1, 16_777_216)]
    public int MaxTextLength { get; set; } = 1_048_576;

    /// <summary>How long a stopping engine waits for the batch in work, which native code cannot be told to leave.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StopLimit { get; set; } = TimeSpan.FromSeconds(10);
}
