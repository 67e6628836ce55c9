using System.Threading.Channels;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.GpuWorkers;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Grains.Tests.GpuWorkers;

public sealed class TokenPumpTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly WatchedTime _time = new();
    private readonly GpuWorkerOptions _options = new() { MessageInterval = TimeSpan.Zero };
    private readonly RecordingObserver _frontend = new();
    private readonly Channel<long> _cancelled = Channel.CreateUnbounded<long>();
    private readonly Channel<bool> _rounds = Channel.CreateUnbounded<bool>();
    private readonly OpenStreams _streams;
    private readonly TokenPump _pump;

    public TokenPumpTests()
    {
        _streams = new OpenStreams(new WorkerKey("s", "cpu0", "demo"), _options, _time);
        _pump = new TokenPump(_streams, _options, _time, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync() => await _pump.StopAsync(CancellationToken.None);

    [Fact]
    public async Task Step_OpenStream_SendsItsTokens()
    {
        long sequence = Open(1);
        Start();

        Emit(sequence, index: 0, id: 11);

        StreamDelta delta = Assert.Single((await _frontend.NextAsync()).Deltas);
        Assert.Equal(11, Assert.Single(delta.TokenIds));
    }

    [Fact]
    public async Task Beat_EngineSilentWithAStreamOpen_NeedsNoStep()
    {
        Open(1);
        await StartWithBeatTimerAsync();

        _time.Advance(_options.BeatInterval);
        TokenBatch beat = await _frontend.NextAsync();

        Assert.Equal((0, 1L), (beat.Deltas.Length, beat.Number));
    }

    [Fact]
    public async Task Step_FrontendHasNotAnswered_HoldsTheNextMessageBack()
    {
        var answer = new TaskCompletionSource();
        _frontend.Answer = answer.Task;
        long sequence = Open(1);
        Start();
        Emit(sequence, index: 0, id: 11);
        await _frontend.NextAsync();
        Emit(sequence, index: 1, id: 12);
        Emit(sequence, index: 2, id: 13);
        int heardBefore = _frontend.Heard;

        answer.SetResult();
        TokenBatch second = await _frontend.NextAsync();

        Assert.Equal((1, 2L, 1), (heardBefore, second.Number, second.Deltas[0].FirstIndex));
    }

    [Fact]
    public async Task Step_SoonAfterAMessage_JoinsTheNextSteps()
    {
        _options.MessageInterval = TimeSpan.FromMilliseconds(5);
        long sequence = Open(1);
        Start();
        Emit(sequence, index: 0, id: 11);
        await _frontend.NextAsync();
        await RoundAsync();
        Emit(sequence, index: 1, id: 12);
        Emit(sequence, index: 2, id: 13);

        Task<TokenBatch> next = _frontend.NextAsync();
        while (!next.IsCompleted)
        {
            // the pause may begin only now
            _time.Advance(_options.MessageInterval);
            await Task.Yield();
        }

        TokenBatch joined = await next;
        Assert.Equal([12, 13], Assert.Single(joined.Deltas).TokenIds);
    }

    [Fact]
    public async Task Send_FrontendFails_CancelsItsStreamsOnly()
    {
        var healthy = new RecordingObserver();
        long other = _streams.Open(new Attempt("other", 1, 1), healthy, [], null).SequenceId;
        long sequence = Open(1);
        _frontend.Answer = Task.FromException(new TimeoutException());
        Start();

        Emit(sequence, index: 0, id: 11);
        long orphan = await _cancelled.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        Emit(other, index: 0, id: 21);
        await healthy.NextAsync();

        Assert.Equal((sequence, false), (orphan, _cancelled.Reader.TryRead(out _)));
    }

    [Fact]
    public async Task Send_AnswerIsLost_SendsTheSameMessageAgain()
    {
        _frontend.Answer = new TaskCompletionSource().Task;
        long sequence = Open(1);
        Start();
        Emit(sequence, index: 0, id: 11);
        TokenBatch first = await _frontend.NextAsync();
        await RoundAsync();
        _frontend.Answer = Task.CompletedTask;

        _time.Advance(_options.ResendInterval);
        TokenBatch second = await _frontend.NextAsync();

        Assert.Same(first, second);
        Assert.False(_cancelled.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Send_AnswerComesAfterTheMessageWentAgain_CountsAllTheSame()
    {
        var late = new TaskCompletionSource();
        _frontend.Answer = late.Task;
        _options.BeatInterval = TimeSpan.FromHours(1);
        long sequence = Open(1);
        Start();
        Emit(sequence, index: 0, id: 11);
        await _frontend.NextAsync();
        await RoundAsync();
        _frontend.Answer = new TaskCompletionSource().Task;
        _time.Advance(_options.ResendInterval);
        await _frontend.NextAsync();

        late.SetResult();
        await RoundAsync();
        Emit(sequence, index: 1, id: 12);
        TokenBatch next = await _frontend.NextAsync();

        Assert.Equal((2L, 12), (next.Number, Assert.Single(Assert.Single(next.Deltas).TokenIds)));
    }

    [Fact]
    public async Task Send_FrontendNeverAnswers_CancelsItsStreamsAfterTheLimit()
    {
        _frontend.Answer = new TaskCompletionSource().Task;
        long sequence = Open(1);
        Start();
        Emit(sequence, index: 0, id: 11);
        for (TimeSpan waited = TimeSpan.Zero; waited < _options.FrontendLimit; waited += _options.ResendInterval)
        {
            await _time.WaitedForAsync(_options.ResendInterval, Limit);
            Assert.False(_cancelled.Reader.TryRead(out _));
            _time.Advance(_options.ResendInterval);
        }

        Assert.Equal(sequence, await _cancelled.Reader.ReadAsync().AsTask().WaitAsync(Limit));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Send_WorkerItselfWasStopped_DoesNotTakeItsFrontendForDead(bool callHasTimedOut)
    {
        var unheard = new TaskCompletionSource();
        _frontend.Answer = unheard.Task;
        _options.BeatInterval = TimeSpan.FromHours(1);
        long sequence = Open(1);
        Start();
        Emit(sequence, index: 0, id: 11);
        TokenBatch first = await _frontend.NextAsync();
        await _time.WaitedForAsync(_options.ResendInterval, Limit);
        _frontend.Answer = Task.CompletedTask;
        if (callHasTimedOut)
        {
            unheard.SetException(new TimeoutException());
        }

        _time.Advance(10 * _options.FrontendLimit);
        TokenBatch again = await _frontend.NextAsync();
        Emit(sequence, index: 1, id: 12);
        TokenBatch next = await _frontend.NextAsync();

        Assert.Same(first, again);
        Assert.Equal((2L, 12), (next.Number, Assert.Single(Assert.Single(next.Deltas).TokenIds)));
        Assert.False(_cancelled.Reader.TryRead(out _));
    }

    [Fact]
    public async Task GiveUp_OpenStreams_EndsThemAndCancelsTheirSequences()
    {
        long sequence = Open(1);
        Start();

        _pump.GiveUp();

        Assert.Equal(StreamFinish.WorkerStalled, Assert.Single((await _frontend.NextAsync()).Deltas).Finish);
        Assert.Equal(sequence, await _cancelled.Reader.ReadAsync().AsTask().WaitAsync(Limit));
    }

    [Fact]
    public async Task Step_MoreTokensThanMayWait_GivesTheStreamUp()
    {
        _options.MaxUnsentTokens = 1_024;
        var pump = new TokenPump(_streams, _options, _time, NullLogger.Instance);
        long sequence = Open(1);
        for (int index = 0; index < 1_025; index++)
        {
            pump.Inlet.OnStep([new EmittedToken(sequence, index, TokenId: 5, Finish: null)]);
        }

        pump.Start(_ => { }, () => Task.CompletedTask);
        StreamDelta last = Assert.Single((await _frontend.NextAsync()).Deltas);
        await pump.StopAsync(CancellationToken.None);

        Assert.Equal((1_024, StreamFinish.WorkerStopping), (last.TokenIds.Length, last.Finish));
    }

    [Fact]
    public async Task Stop_TokensLeft_SendsThemFirst()
    {
        var answer = new TaskCompletionSource();
        _frontend.Answer = answer.Task;
        long sequence = Open(1);
        Start();
        Emit(sequence, index: 0, id: 11);
        await _frontend.NextAsync();
        _pump.Inlet.OnStep([new EmittedToken(sequence, Index: 1, TokenId: -1, FinishReason.EngineStopping)]);

        Task stop = _pump.StopAsync(CancellationToken.None);
        answer.SetResult();
        await stop.WaitAsync(Limit);

        Assert.Equal(StreamFinish.WorkerStopping, Assert.Single((await _frontend.NextAsync()).Deltas).Finish);
    }

    private long Open(long stream) => _streams.Open(new Attempt("r", stream, 1), _frontend, [], null).SequenceId;

    private void Emit(long sequence, int index, int id) => _pump.Inlet.OnStep([new EmittedToken(sequence, index, id, Finish: null)]);

    private void Start() => _pump.Start(
        sequence => _cancelled.Writer.TryWrite(sequence),
        () =>
        {
            _rounds.Writer.TryWrite(true);
            return Task.CompletedTask;
        });

    /// <summary>Starts the pump and waits for a first round, before which its timer may not exist yet.</summary>
    private async Task StartWithBeatTimerAsync()
    {
        Start();
        _pump.Inlet.OnStep([]);
        await RoundAsync();
    }

    private async Task RoundAsync() => await _rounds.Reader.ReadAsync().AsTask().WaitAsync(Limit);

    /// <summary>Tells which waits have begun.</summary>
    private sealed class WatchedTime : FakeTimeProvider
    {
        private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            _waits.Writer.TryWrite(dueTime);
            return timer;
        }

        /// <summary>Waits until somebody waits for so long.</summary>
        public async Task WaitedForAsync(TimeSpan wait, TimeSpan limit)
        {
            while (await _waits.Reader.ReadAsync().AsTask().WaitAsync(limit) != wait)
            {
            }
        }
    }
}
