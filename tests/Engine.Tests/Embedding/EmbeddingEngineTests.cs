using DeepSeekOrleans.Engine.Embedding;
using DeepSeekOrleans.Engine.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Engine.Tests.Embedding;

public sealed class EmbeddingEngineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Submit_ManyTexts_GivesEachItsOwnEmbeddingInBatchesOfLikeLength()
    {
        FakeEmbeddingModel model = new();
        await using EmbeddingEngine engine = Create(model, new EmbeddingOptions { MaxBatch = 4 });
        Task<TextEmbedding>[] embeddings = [.. new[] { 1, 9, 2, 8, 1, 9, 2, 8 }.Select(count => Admit(engine, Words(count)))];

        engine.Start();

        TextEmbedding[] told = await Task.WhenAll(embeddings).WaitAsync(Limit);
        Assert.Equal([1, 9, 2, 8, 1, 9, 2, 8], told.Select(embedding => (int)embedding.Values[0]));
        Assert.Equal([1, 9, 2, 8, 1, 9, 2, 8], told.Select(embedding => embedding.Tokens));
        Assert.Equal([[1, 1, 2, 2], [8, 8, 9, 9]], model.Batches);
        Assert.Equal(40, engine.TokensComputed);
    }

    [Fact]
    public async Task Submit_WithinTheWindow_WaitsForCompanyUntilItCloses()
    {
        FakeTimeProvider time = new();
        FakeEmbeddingModel model = new();
        await using EmbeddingEngine engine = Create(model, new EmbeddingOptions { BatchWindow = TimeSpan.FromMilliseconds(10) }, time);
        Task<TextEmbedding> first = Admit(engine, Words(3));
        Task<TextEmbedding> second = Admit(engine, Words(3));
        engine.Start();
        Assert.Empty(model.Batches);

        while (!second.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        await Task.WhenAll(first, second).WaitAsync(Limit);
        Assert.Equal([[3, 3]], model.Batches);
    }

    [Fact]
    public async Task Submit_TextThatMakesTheModelFail_FailsAlone()
    {
        FakeEmbeddingModel model = new() { FailingLength = 4 };
        await using EmbeddingEngine engine = Create(model, new EmbeddingOptions());
        Task<TextEmbedding> good = Admit(engine, Words(3));
        Task<TextEmbedding> bad = Admit(engine, Words(4));
        Task<TextEmbedding> other = Admit(engine, Words(5));

        engine.Start();

        await Assert.ThrowsAsync<ModelRunException>(() => bad.WaitAsync(Limit));
        Assert.Equal(3, (await good.WaitAsync(Limit)).Values[0]);
        Assert.Equal(5, (await other.WaitAsync(Limit)).Values[0]);
    }

    [Fact]
    public async Task Submit_TextThatPoisonsItsBatch_FailsAlone()
    {
        await using EmbeddingEngine engine = Create(new FakeEmbeddingModel { PoisonLength = 4 }, new EmbeddingOptions());
        Task<TextEmbedding> good = Admit(engine, Words(3));
        Task<TextEmbedding> bad = Admit(engine, Words(4));

        engine.Start();

        await Assert.ThrowsAsync<ModelRunException>(() => bad.WaitAsync(Limit));
        Assert.Equal(3, (await good.WaitAsync(Limit)).Values[0]);
    }

    [Fact]
    public async Task Submit_LongText_IsCutAndSaysSo()
    {
        await using EmbeddingEngine engine = Create(new FakeEmbeddingModel(), new EmbeddingOptions());
        engine.Start();

        TextEmbedding exact = await Admit(engine, Words(16)).WaitAsync(Limit);
        TextEmbedding cut = await Admit(engine, Words(17)).WaitAsync(Limit);

        Assert.Equal((16, false), (exact.Tokens, exact.Truncated));
        Assert.Equal((16, true), (cut.Tokens, cut.Truncated));
    }

    [Fact]
    public async Task Submit_QueueFullOrTextTooLong_IsRefusedAtOnce()
    {
        await using EmbeddingEngine engine = Create(new FakeEmbeddingModel(), new EmbeddingOptions { MaxWaiting = 2, MaxTextLength = 100 });
        Task<TextEmbedding> first = Admit(engine, Words(1));
        Task<TextEmbedding> second = Admit(engine, Words(1));

        Assert.Equal(AdmissionOutcome.QueueFull, engine.Submit(Words(1), out _, CancellationToken.None));
        Assert.Equal(AdmissionOutcome.NeverFits, engine.Submit(new string('a', 101), out _, CancellationToken.None));

        engine.Start();
        await Task.WhenAll(first, second).WaitAsync(Limit);
    }

    [Fact]
    public async Task Submit_CancelledWhileWaiting_IsNotComputed()
    {
        FakeEmbeddingModel model = new();
        await using EmbeddingEngine engine = Create(model, new EmbeddingOptions());
        using CancellationTokenSource caller = new();
        engine.Submit(Words(7), out Task<TextEmbedding> given, caller.Token);
        Task<TextEmbedding> kept = Admit(engine, Words(3));

        await caller.CancelAsync();
        engine.Start();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.WaitAsync(Limit));
        await kept.WaitAsync(Limit);
        Assert.Equal([[3]], model.Batches);
    }

    [Fact]
    public async Task StopAsync_WithABatchInWork_FinishesItAndCancelsTheRest()
    {
        FakeEmbeddingModel model = new();
        model.Gate.Reset();
        await using EmbeddingEngine engine = Create(model, new EmbeddingOptions { MaxBatch = 1, BatchWindow = TimeSpan.Zero });
        Task<TextEmbedding> running = Admit(engine, Words(3));
        Task<TextEmbedding> waiting = Admit(engine, Words(9));
        engine.Start();
        Assert.True(model.Entered.Wait(Limit));

        Task stopped = engine.StopAsync(CancellationToken.None);
        model.Gate.Set();
        await stopped.WaitAsync(Limit);

        Assert.Equal(3, (await running).Values[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(AdmissionOutcome.Draining, engine.Submit(Words(1), out _, CancellationToken.None));
        Assert.True(model.IsDisposed);
    }

    [Fact]
    public async Task DisposeAsync_NeverStarted_CancelsWhatWaits()
    {
        FakeEmbeddingModel model = new();
        EmbeddingEngine engine = Create(model, new EmbeddingOptions());
        Task<TextEmbedding> waiting = Admit(engine, Words(3));

        await engine.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit));
        Assert.True(model.IsDisposed);
    }

    [Theory]
    [InlineData(32, 8192, new[] { 1, 2, 3, 4, 8, 9 }, new[] { 2, 2, 2 })]
    [InlineData(2, 8192, new[] { 5, 5, 5, 5, 5 }, new[] { 2, 2, 1 })]
    [InlineData(32, 512, new[] { 200, 200, 200 }, new[] { 2, 1 })]
    [InlineData(32, 512, new[] { 4096 }, new[] { 1 })]
    [InlineData(32, 512, new int[0], new int[0])]
    public void Cut_TextsOfSomeLengths_GivesBatchesWithinTheLimits(int maxBatch, int maxTokens, int[] lengths, int[] expected)
    {
        List<WaitingText> texts = [.. lengths.Reverse().Select(length => new WaitingText(new int[length], truncated: false, CancellationToken.None))];

        List<Range> batches = BatchPlan.Cut(texts, new EmbeddingOptions { MaxBatch = maxBatch, MaxBatchTokens = maxTokens });

        Assert.Equal(expected, batches.Select(batch => batch.End.Value - batch.Start.Value));
        Assert.Equal(lengths, texts.Select(text => text.Ids.Length));
    }

    private static EmbeddingEngine Create(FakeEmbeddingModel model, EmbeddingOptions options, TimeProvider? time = null) =>
        new(model, DemoTokenizer.Instance, options, time ?? TimeProvider.System, NullLogger<EmbeddingEngine>.Instance);

    private static Task<TextEmbedding> Admit(EmbeddingEngine engine, string text)
    {
        Assert.Equal(AdmissionOutcome.Admitted, engine.Submit(text, out Task<TextEmbedding> embedding, CancellationToken.None));
        return embedding;
    }

    /// <summary>A text of so many tokens: one begins every text, and digits stand alone.</summary>
    private static string Words(int count) => new('7', count - 1);
}
