using System.Collections.Concurrent;
using DeepSeekOrleans.Engine.Embedding;

namespace DeepSeekOrleans.Engine.Tests.Embedding;

/// <summary>Its embedding of a text is the text's length and first token. It notes its batches, and fails where it is told to.</summary>
internal sealed class FakeEmbeddingModel : IEmbeddingModel
{
    public ConcurrentQueue<int[]> Batches { get; } = new();

    /// <summary>Batches that hold a text of this many tokens fail.</summary>
    public int FailingLength { get; init; } = -1;

    /// <summary>Batches that hold a text of this many tokens give only NaN.</summary>
    public int PoisonLength { get; init; } = -1;

    /// <summary>A run waits for this.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    public ManualResetEventSlim Entered { get; } = new();

    public bool IsDisposed { get; private set; }

    public EmbeddingShape Shape { get; } = new(Dimensions: 2, MaxTokens: 16);

    public void Embed(IReadOnlyList<int[]> texts, Span<float> embeddings)
    {
        Entered.Set();
        Gate.Wait();
        Batches.Enqueue([.. texts.Select(text => text.Length)]);
        if (texts.Any(text => text.Length == FailingLength))
        {
            throw new ModelRunException("the fake was told to fail");
        }

        for (int i = 0; i < texts.Count; i++)
        {
            embeddings[2 * i] = texts.Any(text => text.Length == PoisonLength) ? float.NaN : texts[i].Length;
            embeddings[(2 * i) + 1] = texts[i][0];
        }
    }

    public void Dispose() => IsDisposed = true;
}
