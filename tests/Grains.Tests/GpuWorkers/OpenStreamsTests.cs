using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Grains.Tests.GpuWorkers;

public sealed class OpenStreamsTests
{
    private readonly SilentObserver _frontend = new();
    private readonly GpuWorkerOptions _options = new();
    private readonly OpenStreams _streams;

    public OpenStreamsTests() => _streams = new OpenStreams(new WorkerKey("s", "cpu0", "demo"), _options, new FakeTimeProvider());

    [Fact]
    public void Hear_TwoStreamsOfOneFrontend_MakesOneMessage()
    {
        long a = Open(1);
        long b = Open(2);

        List<OutgoingBatch> sent = Collect([Token(a, 0, 11), Token(b, 0, 21)]);

        Assert.Equal([1L, 2L], Assert.Single(sent).Batch.Deltas.Select(delta => delta.StreamId));
    }

    [Fact]
    public void Hear_SeveralStepsAtOnce_JoinsTheTokensOfAStream()
    {
        long a = Open(1);

        List<OutgoingBatch> sent = Collect([Token(a, 3, 11), Token(a, 4, 12), Token(a, 5, 13)]);

        StreamDelta delta = Assert.Single(Assert.Single(sent).Batch.Deltas);
        Assert.Equal((3, "11,12,13"), (delta.FirstIndex, string.Join(',', delta.TokenIds)));
    }

    [Fact]
    public void Hear_FirstToken_TellsOnceWhatTheStreamDependsOn()
    {
        _streams.Serve(new ServedForm("weights", "int8", "cpu"));
        long a = Open(1);

        StreamDelta first = Assert.Single(Assert.Single(Collect([new(a, 0, 11, null, CachedTokens: 5)])).Batch.Deltas);
        StreamDelta second = Assert.Single(Assert.Single(Collect([Token(a, 1, 12)])).Batch.Deltas);

        Assert.Equal(new StreamFacts(5, "weights", "int8", "cpu"), first.Facts);
        Assert.Null(second.Facts);
    }

    [Fact]
    public void Hear_TwoFrontends_NumbersEachOnItsOwn()
    {
        var other = new SilentObserver();
        long a = Open(1);
        long b = _streams.Open(new Attempt("other", 1, 1), other, [], null).SequenceId;
        Collect([Token(a, 0, 11)]);

        List<OutgoingBatch> sent = Collect([Token(a, 1, 12), Token(b, 0, 21)]);

        Assert.Equal(
            [(_frontend, 2L), (other, 1L)],
            sent.Select(outgoing => ((SilentObserver)outgoing.Frontend.Observer, outgoing.Batch.Number)));
    }

    [Fact]
    public void Hear_StreamHasFinished_TellsTheFinishOnceAndForgetsIt()
    {
        long a = Open(1);

        StreamDelta last = Assert.Single(Assert.Single(Collect([Token(a, 0, 11), new(a, 1, -1, FinishReason.Cancelled)])).Batch.Deltas);
        List<OutgoingBatch> after = Collect([Token(a, 1, 12)]);

        Assert.Equal((StreamFinish.Cancelled, 1, 0), (last.Finish, last.TokenIds.Length, after.Count));
    }

    [Fact]
    public void Open_NewerAttempt_ReplacesTheOlderOneAndTellsIt()
    {
        long first = Open(1);
        _streams.Hear([Token(first, 0, 11)]);

        Opening second = _streams.Open(new Attempt("r", 1, 2), _frontend, [], null);

        Assert.Equal(first, second.Replaced);
        StreamDelta last = Assert.Single(Assert.Single(Collect([Token(first, 1, 12)])).Batch.Deltas);
        Assert.Equal((1, 1, StreamFinish.Cancelled), (last.AttemptNumber, last.TokenIds.Length, last.Finish));
        Assert.Equal(1, _streams.Sizes.Streams);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Open_AttemptNotNewerThanTheOpenOne_IsRefused(int number)
    {
        _streams.Open(new Attempt("r", 1, 2), _frontend, [], null);

        Assert.True(_streams.Open(new Attempt("r", 1, number), _frontend, [], null).IsRefused);
    }

    [Fact]
    public void Open_AfterItsCancellation_IsRefused()
    {
        bool wasOpen = _streams.TryFence(new Attempt("r", 1, 1), out _);

        Assert.Equal((false, true), (wasOpen, _streams.Open(new Attempt("r", 1, 1), _frontend, [], null).IsRefused));
    }

    [Fact]
    public void TryFence_OlderAttemptThanTheOpenOne_LeavesTheOpenOneAlone()
    {
        _streams.Open(new Attempt("r", 1, 2), _frontend, [], null);

        Assert.False(_streams.TryFence(new Attempt("r", 1, 1), out _));
    }

    [Fact]
    public void TryFence_NewerAttemptThanTheOpenOne_LeavesTheOpenOneAlone()
    {
        Open(1);

        bool cancels = _streams.TryFence(new Attempt("r", 1, 3), out _);

        Assert.Equal((false, 1), (cancels, _streams.Sizes.Streams));
        Assert.True(_streams.Open(new Attempt("r", 1, 3), _frontend, [], null).IsRefused);
        Assert.False(_streams.Open(new Attempt("r", 1, 4), _frontend, [], null).IsRefused);
    }

    [Fact]
    public void TakeDue_FrontendHeardSomethingSinceTheLastBeats_StaysSilent()
    {
        long a = Open(1);
        Beats();
        Collect([Token(a, 0, 11)]);

        int afterTokens = Beats().Count;
        int afterSilence = Beats().Count;

        Assert.Equal((0, 1), (afterTokens, afterSilence));
    }

    [Fact]
    public void TakeDue_NoOpenStream_StaysSilent()
    {
        long a = Open(1);
        _streams.Withdraw(a);

        Assert.Empty(Beats());
    }

    [Fact]
    public void GiveUpAll_OpenStreams_TellsEachThatTheWorkerStops()
    {
        long a = Open(1);
        Collect([Token(a, 0, 11)]);

        long[] sequences = _streams.GiveUpAll(StreamFinish.WorkerStopping);

        StreamDelta delta = Assert.Single(Assert.Single(Collect([])).Batch.Deltas);
        Assert.Equal((StreamFinish.WorkerStopping, 1), (delta.Finish, delta.FirstIndex));
        Assert.Equal([a], sequences);
    }

    [Fact]
    public void Forget_FrontendGone_ReturnsItsSequencesOnly()
    {
        long a = Open(1);
        long other = _streams.Open(new Attempt("other", 1, 1), new SilentObserver(), [], null).SequenceId;
        FrontendFeed gone = Assert.Single(Collect([Token(a, 0, 11)])).Frontend;

        long[] orphans = _streams.Forget(gone);

        Assert.Equal([a], orphans);
        Assert.Single(Collect([Token(other, 0, 21)]));
    }

    [Fact]
    public void Open_MoreFrontendsThanRemembered_GivesAnIdleOneANewEpoch()
    {
        _options.MaxFrontends = 1;
        long first = Open(1);
        long epoch = Assert.Single(Collect([Token(first, 0, 11) with { Finish = FinishReason.Stop }])).Batch.Epoch;
        _streams.Open(new Attempt("other", 1, 1), new SilentObserver(), [], null);

        TokenBatch again = Assert.Single(Collect([Token(Open(2), 0, 11)])).Batch;

        Assert.Equal((true, 1L), (again.Epoch > epoch, again.Number));
    }

    [Fact]
    public void TakeDue_MessageUnderWay_JoinsWhatComesUntilItHasArrived()
    {
        long a = Open(1);
        _streams.Hear([Token(a, 0, 11)]);
        FrontendFeed frontend = Assert.Single(_streams.TakeDue(beat: false)).Frontend;
        _streams.Hear([Token(a, 1, 12)]);
        _streams.Hear([Token(a, 2, 13)]);
        int whileUnderWay = _streams.TakeDue(beat: true).Count;

        _streams.Arrived(frontend);
        StreamDelta delta = Assert.Single(Assert.Single(_streams.TakeDue(beat: false)).Batch.Deltas);

        Assert.Equal((0, 1, "12,13"), (whileUnderWay, delta.FirstIndex, string.Join(',', delta.TokenIds)));
    }

    private static EmittedToken Token(long sequence, int index, int id) => new(sequence, index, id, Finish: null);

    /// <summary>What is sent after a step, when every message arrives at once.</summary>
    private List<OutgoingBatch> Collect(ReadOnlySpan<EmittedToken> tokens)
    {
        _streams.Hear(tokens);
        return Deliver(_streams.TakeDue(beat: false));
    }

    private List<OutgoingBatch> Beats() => Deliver(_streams.TakeDue(beat: true));

    private List<OutgoingBatch> Deliver(List<OutgoingBatch> batches)
    {
        batches.ForEach(outgoing => _streams.Arrived(outgoing.Frontend));
        return batches;
    }

    private long Open(long stream) => _streams.Open(new Attempt("r", stream, 1), _frontend, [], null).SequenceId;
}
