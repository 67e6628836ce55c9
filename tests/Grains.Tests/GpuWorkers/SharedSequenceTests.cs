using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Grains.Tests.GpuWorkers;

/// <summary>Streams of several frontends that read one sequence.</summary>
public sealed class SharedSequenceTests
{
    private static readonly AnswerKey Key = new(new TenantName("a"), "demo@v1", "digest");

    private readonly SilentObserver _first = new();
    private readonly SilentObserver _second = new();
    private readonly OpenStreams _streams = new(new WorkerKey("s", "cpu0", "demo"), new GpuWorkerOptions(), new FakeTimeProvider());

    [Fact]
    public void Open_AnswerUnderWay_JoinsAndGetsAllTokensSoFarAndThoseToCome()
    {
        long sequence = Open("r1", _first).SequenceId;
        Collect(Token(sequence, 0, 10), Token(sequence, 1, 11));

        Opening joined = Open("r2", _second);
        StreamDelta missed = DeltaTo(_second, Collect());
        List<OutgoingBatch> live = Collect(Token(sequence, 2, 12));

        Assert.Equal(new Opening(sequence, null, IsJoined: true), joined);
        Assert.Equal((0, "10,11"), (missed.FirstIndex, string.Join(',', missed.TokenIds)));
        Assert.NotNull(missed.Facts);
        Assert.All([_first, _second], frontend => Assert.Equal((2, 12), (DeltaTo(frontend, live).FirstIndex, DeltaTo(frontend, live).TokenIds.Single())));
    }

    [Fact]
    public void Open_OtherKeyOrNone_GetsASequenceOfItsOwn()
    {
        Open("r1", _first);

        Opening[] others =
        [
            _streams.Open(new Attempt("r2", 1, 1), _second, [], null),
            _streams.Open(new Attempt("r3", 1, 1), _second, [], Key with { Tenant = new TenantName("b") }),
            _streams.Open(new Attempt("r4", 1, 1), _second, [], Key with { Digest = "other" }),
        ];

        Assert.All(others, other => Assert.False(other.IsJoined));
        Assert.Equal(3, others.Select(other => other.SequenceId).Distinct().Count());
    }

    [Fact]
    public void Open_StreamHasSomeOfTheTokens_GetsTheRestOnly()
    {
        long sequence = Open("r1", _first).SequenceId;
        Collect(Token(sequence, 0, 10), Token(sequence, 1, 11));

        Open("r2", _second, [10]);

        StreamDelta missed = DeltaTo(_second, Collect());
        Assert.Equal((1, "11"), (missed.FirstIndex, string.Join(',', missed.TokenIds)));
    }

    [Fact]
    public void Open_StreamIsAhead_IsSilentUntilTheSequenceGetsThere()
    {
        long sequence = Open("r1", _first).SequenceId;
        Open("r2", _second, [10, 11]);

        List<OutgoingBatch> before = Collect(Token(sequence, 0, 10), Token(sequence, 1, 11));
        StreamDelta there = DeltaTo(_second, Collect(Token(sequence, 2, 12)));

        Assert.DoesNotContain(before, outgoing => outgoing.Frontend.Observer == _second);
        Assert.Equal((2, 12), (there.FirstIndex, there.TokenIds.Single()));
    }

    [Fact]
    public void Open_StreamHasOtherTokens_IsComputedApart()
    {
        long sequence = Open("r1", _first).SequenceId;
        Collect(Token(sequence, 0, 10));

        Assert.False(Open("r2", _second, [99]).IsJoined);
    }

    [Fact]
    public void Open_AnswerThatBeganAfterAMove_GivesTheTokensBeforeItToo()
    {
        long sequence = Open("r1", _first, [10, 11]).SequenceId;
        Collect(Token(sequence, 2, 12));

        Open("r2", _second);

        StreamDelta missed = DeltaTo(_second, Collect());
        Assert.Equal((0, "10,11,12"), (missed.FirstIndex, string.Join(',', missed.TokenIds)));
    }

    [Fact]
    public void TryFence_OthersRead_CancelsTheStreamAlone()
    {
        long sequence = Open("r1", _first).SequenceId;
        Open("r2", _second);

        bool cancels = _streams.TryFence(new Attempt("r1", 1, 1), out _);
        List<OutgoingBatch> sent = Collect(Token(sequence, 0, 10));

        Assert.False(cancels);
        Assert.Equal(StreamFinish.Cancelled, DeltaTo(_first, sent).Finish);
        Assert.Equal(10, DeltaTo(_second, sent).TokenIds.Single());
    }

    [Fact]
    public void R08_TryFence_LastReader_CancelsTheSequenceAndNobodyJoinsItAnyMore()
    {
        long sequence = Open("r1", _first).SequenceId;
        Open("r2", _second);
        _streams.TryFence(new Attempt("r1", 1, 1), out _);

        bool cancels = _streams.TryFence(new Attempt("r2", 1, 1), out long cancelled);

        Assert.Equal((true, sequence), (cancels, cancelled));
        Assert.False(Open("r3", _first).IsJoined);
    }

    [Fact]
    public void Forget_OneOfTwoFrontends_LeavesTheSequenceToTheOther()
    {
        long sequence = Open("r1", _first).SequenceId;
        Open("r2", _second);
        FrontendFeed gone = Collect(Token(sequence, 0, 10)).Single(outgoing => outgoing.Frontend.Observer == _first).Frontend;

        long[] orphans = _streams.Forget(gone);

        Assert.Empty(orphans);
        Assert.Equal(11, DeltaTo(_second, Collect(Token(sequence, 1, 11))).TokenIds.Single());
    }

    [Fact]
    public void Open_NewerAttemptOfAReader_TakesItsPlaceInTheSameSequence()
    {
        long sequence = Open("r1", _first).SequenceId;
        Collect(Token(sequence, 0, 10));

        Opening again = _streams.Open(new Attempt("r1", 1, 2), _first, [10], Key);

        Assert.Equal(new Opening(sequence, null, IsJoined: true), again);
        Assert.Equal(
            [(1, 0, StreamFinish.Cancelled), (2, 1, null)],
            Assert.Single(Collect(Token(sequence, 1, 11))).Batch.Deltas.Select(delta => (delta.AttemptNumber, delta.TokenIds.Length, delta.Finish)));
    }

    [Fact]
    public void Hear_Finish_EndsAllReadersAndLeavesNothing()
    {
        long sequence = Open("r1", _first).SequenceId;
        Open("r2", _second);

        List<OutgoingBatch> sent = Collect(Token(sequence, 0, 10) with { Finish = FinishReason.Stop });

        Assert.All([_first, _second], frontend => Assert.Equal(StreamFinish.Stop, DeltaTo(frontend, sent).Finish));
        Assert.Equal(0, _streams.Sizes.Streams);
        Assert.False(Open("r3", _first).IsJoined);
    }

    private static EmittedToken Token(long sequence, int index, int id) => new(sequence, index, id, Finish: null);

    private static StreamDelta DeltaTo(SilentObserver frontend, List<OutgoingBatch> sent) =>
        Assert.Single(sent.Single(outgoing => outgoing.Frontend.Observer == frontend).Batch.Deltas);

    private Opening Open(string request, SilentObserver frontend, int[]? emittedIds = null) =>
        _streams.Open(new Attempt(request, 1, 1), frontend, emittedIds ?? [], Key);

    /// <summary>What is sent after a step, when every message arrives at once.</summary>
    private List<OutgoingBatch> Collect(params ReadOnlySpan<EmittedToken> tokens)
    {
        _streams.Hear(tokens);
        List<OutgoingBatch> batches = _streams.TakeDue(beat: false);
        batches.ForEach(outgoing => _streams.Arrived(outgoing.Frontend));
        return batches;
    }
}
