using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Frontend.Tests.Generation;

public sealed class TokenHubTests : IDisposable
{
    private static readonly WorkerKey Worker = new("silo", "cpu0", "demo");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly WorkerKey OtherWorker = new("other", "cpu0", "demo");

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly StreamOptions _options = new() { MaxUnreadTokens = 16, MaxOpenStreams = 4 };
    private readonly List<GenerationFailure> _cuts = [];
    private readonly JumpingTime _wall;
    private readonly TokenHub _hub;

    public TokenHubTests()
    {
        _wall = new JumpingTime(_time);
        _hub = new TokenHub(Options.Create(_options), _wall);
    }

    public void Dispose() => _hub.Dispose();

    [Fact]
    public async Task OnTokens_DeltasInOrder_ArriveAndEnd()
    {
        TokenInbox inbox = OpenAdmitted();

        await Hear(1, Delta(inbox, 0, [5, 6]));
        await Hear(2, Delta(inbox, 2, [7], StreamFinish.Stop));

        Assert.Equal([5, 6, 7], await ReadToEndAsync(inbox));
        Assert.Equal(0, _hub.OpenAttempts);
    }

    [Fact]
    public async Task OnTokens_TokensBeforeTheAdmission_Arrive()
    {
        TokenInbox inbox = Open();

        await Hear(1, Delta(inbox, 0, [5], StreamFinish.Length));
        _hub.Admit(inbox);

        Assert.Equal([5], await ReadToEndAsync(inbox));
    }

    [Theory]
    [InlineData(2, "silo")]
    [InlineData(0, "silo")]
    [InlineData(1, "other")]
    public async Task OnTokens_ForeignAttempt_IsDropped(int attempt, string silo)
    {
        TokenInbox inbox = OpenAdmitted();

        var foreign = new StreamDelta(inbox.StreamId, attempt, 0, [99], StreamFinish.Stop);
        await _hub.OnTokensAsync(new TokenBatch { Worker = Worker with { Silo = silo }, Epoch = 1, Number = 1, Deltas = [foreign] });

        Assert.False(inbox.TryRead(out _));
        Assert.Equal(1, _hub.OpenAttempts);
    }

    [Fact]
    public async Task OnTokens_SameMessageTwice_IsTakenOnce()
    {
        TokenInbox inbox = OpenAdmitted();

        await Hear(1, Delta(inbox, 0, [5]));
        await Hear(1, Delta(inbox, 0, [5]));
        await Hear(2, Delta(inbox, 1, [6], StreamFinish.Stop));

        Assert.Equal([5, 6], await ReadToEndAsync(inbox));
    }

    [Fact]
    public async Task OnTokens_MissingMessage_LosesTheWorkersStreams()
    {
        TokenInbox inbox = OpenAdmitted();
        TokenInbox elsewhere = Open(OtherWorker);
        await Hear(1, Delta(inbox, 0, [5]));

        await Hear(3);

        Assert.Equal(GenerationFailure.WorkerLost, await FailureAfterAsync(inbox, 5));
        Assert.Equal([GenerationFailure.WorkerLost], _cuts);
        Assert.False(elsewhere.TryRead(out _));
        Assert.Equal(1, _hub.OpenAttempts);
    }

    [Fact]
    public async Task OnTokens_MissingTokens_LosesTheStream()
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [5]));

        await Hear(2, Delta(inbox, 2, [7]));

        Assert.Equal(GenerationFailure.WorkerLost, await FailureAfterAsync(inbox, 5));
    }

    [Fact]
    public async Task OnTokens_NewEpoch_LosesStreamsThatHadSpokenAndKeepsNewOnes()
    {
        TokenInbox spoken = OpenAdmitted();
        TokenInbox waiting = OpenAdmitted();
        await Hear(1, Delta(spoken, 0, [5]));
        _time.Advance(TimeSpan.FromMilliseconds(10));
        TokenInbox fresh = OpenAdmitted();

        await HearEpoch(2, 1, Delta(fresh, 0, [8], StreamFinish.Stop));

        Assert.Equal(GenerationFailure.WorkerLost, await FailureAfterAsync(spoken, 5));
        Assert.Equal(GenerationFailure.WorkerLost, await FailureAfterAsync(waiting));
        Assert.Equal([8], await ReadToEndAsync(fresh));
    }

    [Fact]
    public async Task OnTokens_OlderEpoch_IsDropped()
    {
        TokenInbox inbox = OpenAdmitted();
        await HearEpoch(7, 1, Delta(inbox, 0, [5]));

        await HearEpoch(6, 1, Delta(inbox, 1, [99]));
        await HearEpoch(7, 2, Delta(inbox, 1, [6], StreamFinish.Stop));

        Assert.Equal([5, 6], await ReadToEndAsync(inbox));
    }

    [Fact]
    public async Task Watch_WorkerSilentBeforeTheFirstToken_LosesTheStream()
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1);

        _time.Advance(_options.BeatTimeout * 1.5);

        Assert.Equal(GenerationFailure.WorkerLost, await FailureAfterAsync(inbox));
        Assert.Equal([GenerationFailure.WorkerLost], _cuts);
    }

    [Fact]
    public async Task Watch_WorkerSilentAfterAToken_WakesTheReaderAndKeepsTheStream()
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [5]));
        Assert.True(inbox.TryRead(out _));
        ValueTask<bool> wait = inbox.WaitAsync(CancellationToken.None);
        bool wokeEarly = wait.IsCompleted;

        _time.Advance(_options.BeatTimeout * 1.5);

        Assert.True(await wait.AsTask().WaitAsync(Limit));
        Assert.Equal((false, false, true, false), (wokeEarly, inbox.TryRead(out _), inbox.IsSilent, inbox.HasFailed));
        Assert.Empty(_cuts);
        Assert.Equal((1, 1), (_hub.OpenAttempts, _hub.SilentAttempts));
    }

    [Fact]
    public async Task OnTokens_SilentWorkerSpeaksAgain_GoesOnAndIsWatchedAsBefore()
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [5]));
        _time.Advance(_options.BeatTimeout * 1.5);

        await Hear(2);
        bool silentAfterBeat = inbox.IsSilent;
        _time.Advance(_options.BeatTimeout * 1.5);
        bool silentAgain = inbox.IsSilent;
        await Hear(3, Delta(inbox, 1, [6], StreamFinish.Stop));

        Assert.Equal((false, true), (silentAfterBeat, silentAgain));
        Assert.Equal([5, 6], await ReadToEndAsync(inbox));
        Assert.Empty(_cuts);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    public async Task OnTokens_SilentWorkerHasForgottenOrLostSomething_LosesTheStream(long epoch, long number)
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [5]));
        _time.Advance(_options.BeatTimeout * 1.5);

        await HearEpoch(epoch, number);

        Assert.Equal(GenerationFailure.WorkerLost, await FailureAfterAsync(inbox, 5));
        Assert.True(inbox.HasFailed);
        Assert.Equal([GenerationFailure.WorkerLost], _cuts);
    }

    [Fact]
    public async Task OnTokens_TwoAttemptsOfAStream_EachTakesItsOwn()
    {
        TokenInbox old = OpenAdmitted();
        await Hear(1, Delta(old, 0, [5]));
        TokenInbox next = _hub.Open(new AttemptStart(old.StreamId, 2, [5]), _cuts.Add);
        _hub.Expect(next, Worker);

        await Hear(2, Delta(old, 1, [6]), Delta(next, 1, [7], StreamFinish.Length));
        _hub.Close(old);
        await Hear(3, Delta(old, 2, [99]));

        Assert.Equal([7], await ReadToEndAsync(next));
        Assert.True(old.TryRead(out _) && old.TryRead(out StreamDelta last) && last.TokenIds is [6]);
        Assert.False(old.TryRead(out _));
        Assert.Equal(0, _hub.OpenAttempts);
    }

    [Fact]
    public async Task OnTokens_BurstWhileNobodyReads_DoesNotCountAgainstTheReader()
    {
        int burst = 4 * _options.MaxUnreadTokens;
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [5]));
        Assert.True(inbox.TryRead(out _));
        inbox.LeaveUnattended();

        for (int token = 1; token <= burst; token++)
        {
            await Hear(token + 1, Delta(inbox, token, [token]));
        }

        int late = inbox.Attend();
        await Hear(burst + 2, Delta(inbox, burst + 1, new int[_options.MaxUnreadTokens]));

        Assert.Equal((burst, 0), (late, inbox.Attend()));
        Assert.Empty(_cuts);
    }

    [Fact]
    public async Task Watch_BeatsWithoutTokens_KeepTheStream()
    {
        TokenInbox inbox = OpenAdmitted();

        for (int beat = 1; beat <= 8; beat++)
        {
            _time.Advance(_options.BeatTimeout * 0.5);
            await Hear(beat);
        }

        Assert.Empty(_cuts);
        Assert.Equal(1, _hub.OpenAttempts);
    }

    [Theory]
    [InlineData(2, 1, true)]
    [InlineData(1, 2, false)]
    public async Task Watch_ConnectionWithASiloClosed_WhoHasNotSpokenSinceIsDoubtedSooner(int before, int now, bool isDoubted)
    {
        TokenInbox spoken = OpenAdmitted();
        TokenInbox waiting = OpenAdmitted();
        TokenInbox elsewhere = Open(OtherWorker);
        _hub.Admit(elsewhere);
        await Hear(1, Delta(spoken, 0, [5]));
        _time.Advance(_options.BeatTimeoutAfterLoss * 0.1);

        new GatewayWatch(_hub).NotifyGatewayCountChanged(now, before, connectionRecovered: false);
        _time.Advance(_options.BeatTimeoutAfterLoss * 0.1);
        await _hub.OnTokensAsync(new TokenBatch { Worker = OtherWorker, Epoch = 1, Number = 1, Deltas = [Delta(elsewhere, 0, [5])] });
        _time.Advance(_options.BeatTimeoutAfterLoss * 1.2);

        Assert.Equal((isDoubted, false, false), (spoken.IsSilent, waiting.IsSilent, elsewhere.IsSilent));
        Assert.Empty(_cuts);
    }

    [Fact]
    public async Task Watch_WorkerSpeaksAfterAConnectionHasClosed_IsWatchedAsBefore()
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [5]));
        _hub.NoteSiloLost();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Hear(2);

        _time.Advance(_options.BeatTimeout * 0.9);
        bool silentSoon = inbox.IsSilent;
        _time.Advance(_options.BeatTimeout * 0.5);

        Assert.Equal((false, true), (silentSoon, inbox.IsSilent));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(30 * 24)]
    [InlineData(-30 * 24)]
    public async Task R16_ClockSetUnderAStream_SilenceIsMeasuredAsEver(double hours)
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [5]));

        _wall.Jump(TimeSpan.FromHours(hours));
        _time.Advance(_options.BeatTimeout * 0.5);
        bool silentAfterJump = inbox.IsSilent;
        _time.Advance(_options.BeatTimeout);

        Assert.Equal((false, true), (silentAfterJump, inbox.IsSilent));
    }

    [Fact]
    public void Watch_NotYetAdmitted_MayBeSilent()
    {
        Open();

        _time.Advance(_options.BeatTimeout * 4);

        Assert.Empty(_cuts);
    }

    [Fact]
    public async Task Watch_NothingToTell_ShowsLife()
    {
        TokenInbox inbox = OpenAdmitted();
        int beats = (int)(_options.KeepAlive / (_options.BeatTimeout * 0.5)) + 1;

        for (int beat = 1; beat <= beats; beat++)
        {
            _time.Advance(_options.BeatTimeout * 0.5);
            await Hear(beat);
        }

        Assert.True(inbox.TryRead(out StreamDelta sign));
        Assert.Empty(sign.TokenIds);
        Assert.Null(sign.Finish);
    }

    [Fact]
    public async Task OnTokens_ReaderAtTheLimit_KeepsTheStream()
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [1]));

        await Hear(2, Delta(inbox, 1, new int[_options.MaxUnreadTokens]));

        Assert.Empty(_cuts);
    }

    [Fact]
    public async Task OnTokens_ReaderBeyondTheLimit_CutsTheStream()
    {
        TokenInbox inbox = OpenAdmitted();
        await Hear(1, Delta(inbox, 0, [1]));
        await Hear(2, Delta(inbox, 1, new int[_options.MaxUnreadTokens]));

        await Hear(3, Delta(inbox, _options.MaxUnreadTokens + 1, [1]));

        Assert.Equal([GenerationFailure.SlowReader], _cuts);
        Assert.Equal(GenerationFailure.SlowReader, await FailureAfterAsync(inbox, [1, .. new int[_options.MaxUnreadTokens]]));
    }

    [Fact]
    public async Task OnTokens_AttemptBeginsWithWhatItHasMissed_DoesNotCountIt()
    {
        TokenInbox inbox = OpenAdmitted();

        await Hear(1, Delta(inbox, 0, new int[10 * _options.MaxUnreadTokens]));
        await Hear(2, Delta(inbox, 10 * _options.MaxUnreadTokens, new int[_options.MaxUnreadTokens]));

        Assert.Empty(_cuts);
    }

    [Fact]
    public void Open_AtTheLimit_IsBusy()
    {
        for (int i = 0; i < _options.MaxOpenStreams; i++)
        {
            Open();
        }

        var failure = Assert.Throws<GenerationException>(() => Open());
        Assert.Equal(GenerationFailure.Busy, failure.Failure);
    }

    [Fact]
    public async Task Close_LaterTokens_AreDropped()
    {
        TokenInbox inbox = OpenAdmitted();

        _hub.Close(inbox);
        await Hear(1, Delta(inbox, 0, [5]));

        Assert.False(inbox.TryRead(out _));
    }

    private static StreamDelta Delta(TokenInbox inbox, int first, int[] ids, StreamFinish? finish = null) =>
        new(inbox.StreamId, inbox.AttemptNumber, first, ids, finish);

    private static async Task<List<int>> ReadToEndAsync(TokenInbox inbox)
    {
        var ids = new List<int>();
        while (await inbox.WaitAsync(CancellationToken.None))
        {
            while (inbox.TryRead(out StreamDelta delta))
            {
                ids.AddRange(delta.TokenIds);
            }
        }

        return ids;
    }

    private static async Task<GenerationFailure> FailureAfterAsync(TokenInbox inbox, params int[] expected)
    {
        var ids = new List<int>();
        while (inbox.TryRead(out StreamDelta delta))
        {
            ids.AddRange(delta.TokenIds);
        }

        Assert.Equal(expected, ids);
        var failure = await Assert.ThrowsAsync<GenerationException>(async () => await inbox.WaitAsync(CancellationToken.None));
        return failure.Failure;
    }

    private TokenInbox Open(WorkerKey? worker = null)
    {
        TokenInbox inbox = _hub.Open(new AttemptStart(_hub.NewStreamId(), 1, []), _cuts.Add);
        _hub.Expect(inbox, worker ?? Worker);
        return inbox;
    }

    private TokenInbox OpenAdmitted()
    {
        TokenInbox inbox = Open();
        _hub.Admit(inbox);
        return inbox;
    }

    private Task Hear(long number, params StreamDelta[] deltas) => HearEpoch(1, number, deltas);

    private Task HearEpoch(long epoch, long number, params StreamDelta[] deltas) =>
        _hub.OnTokensAsync(new TokenBatch { Worker = Worker, Epoch = epoch, Number = number, Deltas = deltas });
}
