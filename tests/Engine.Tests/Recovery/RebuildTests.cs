using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Recovery;

public sealed class RebuildTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly GenerationRequest[] _requests =
        [.. Enumerable.Range(1, 8).Select(id => Requests.Of(id, promptLength: 3 + (5 * id), maxTokens: 20, tenant: id % 2 == 0 ? "a" : "b"))];

    [Fact]
    public async Task Step_RunnerBreaksOnce_EverySequenceGoesOnAndNothingIsToldTwice()
    {
        await using var engine = new RebuildableEngine((runner, number) => BreakAtRun(runner, number == 0 ? 20 : int.MaxValue));
        engine.Submit(_requests);

        engine.Engine.Start();
        await engine.AllEndedAsync();

        AssertAllAsAlone(engine, _requests);
        Assert.True(engine.Runners[0].IsDisposed);
        Assert.Equal((1, false, false), (engine.Engine.Status.Rebuilds, engine.Engine.Status.Rebuilding, engine.Engine.Status.Faulted));
    }

    [Fact]
    public async Task Watchdog_RunnerHangs_EverySequenceGoesOnAndTheLateThreadSaysNothing()
    {
        using var hangs = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var engine = new RebuildableEngine((runner, number) =>
        {
            if (number == 0)
            {
                runner.Disposed = returned.SetResult;
                AtRun(runner, 20, () =>
                {
                    hangs.Set();
                    release.Wait(Limit);
                });
            }
        });
        engine.Submit(_requests);
        engine.Engine.Start();
        Assert.True(hangs.Wait(Limit), "the engine never ran");

        engine.Time.Advance(new EngineOptions().StallLimit * 1.25);
        await engine.AllEndedAsync();
        release.Set();
        await returned.Task.WaitAsync(Limit);

        AssertAllAsAlone(engine, _requests);
        Assert.Equal(1, engine.Engine.Status.Rebuilds);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rebuild_RequestBreaksOrHangsEveryRunner_EndsAfterTwoAndItsEightMatesAreAsAlone(bool hangs)
    {
        GenerationRequest culprit = Requests.Of(9, promptLength: 30, maxTokens: 20);
        using var release = new ManualResetEventSlim();
        await using var engine = new RebuildableEngine(
            (runner, _) => AtTokenOf(runner, culprit, 5, () =>
            {
                if (hangs)
                {
                    release.Wait(Limit);
                }

                throw new InvalidOperationException("test");
            }),
            slots: 9);
        engine.Submit([.. _requests, culprit]);

        engine.Engine.Start();
        await engine.AllEndedWhileTimePassesAsync(TimeSpan.FromSeconds(1));
        release.Set();

        AssertAllAsAlone(engine, _requests);
        Assert.Equal(FinishReason.RepeatedFault, engine[culprit.Id].Finish);
        Assert.Equal(CoreDriver.Alone(culprit)[..5], engine[culprit.Id].Ids);
        Assert.True(hangs || engine.Engine.Status.Rebuilds == 2, $"{engine.Engine.Status}");
    }

    [Fact]
    public async Task Rebuild_FiveRequestsBreakEveryRunner_EachEndsAfterTwoAndNobodyElseEnds()
    {
        GenerationRequest[] culprits = [.. Enumerable.Range(11, 5).Select(id => Requests.Of(id, promptLength: 10 + id, maxTokens: 20))];
        await using var engine = new RebuildableEngine((runner, _) =>
        {
            foreach (GenerationRequest culprit in culprits)
            {
                AtTokenOf(runner, culprit, (int)culprit.Id % 4, () => throw new InvalidOperationException("test"));
            }
        });
        engine.Submit(_requests.Zip(culprits).SelectMany(pair => new[] { pair.First, pair.Second }).Concat(_requests[5..]));

        engine.Engine.Start();
        await engine.AllEndedAsync();

        AssertAllAsAlone(engine, _requests);
        Assert.All(culprits, culprit => Assert.Equal(FinishReason.RepeatedFault, engine[culprit.Id].Finish));
        Assert.InRange(engine.Engine.Status.Rebuilds, 5, 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task R13_SequenceBreaksTheEngineAfterItWasCleared_NobodyOnTrialEndsForIt(int tokensLater)
    {
        GenerationRequest culprit = _requests[0];
        int told = 0;
        await using var engine = new RebuildableEngine(
            (runner, number) =>
            {
                if (number == 0)
                {
                    BreakAtRun(runner, 20);
                    AtEachTokenOf(runner, culprit, token => told = token);
                    return;
                }

                AtTokenOf(runner, culprit, told + tokensLater, () => throw new InvalidOperationException("test"));
            },
            slots: 8);
        engine.Submit(_requests);

        engine.Engine.Start();
        await engine.AllEndedAsync();

        AssertAllAsAlone(engine, _requests[1..]);
        Assert.Equal(FinishReason.RepeatedFault, engine[culprit.Id].Finish);
    }

    [Fact]
    public async Task Rebuild_FactoryFailsTwice_RestsAndThenGoesOn()
    {
        await using var engine = new RebuildableEngine((runner, number) =>
        {
            BreakAtRun(runner, number == 0 ? 20 : int.MaxValue);
            FailFactory(number is 1 or 2);
        });
        engine.Submit(_requests);

        engine.Engine.Start();
        await engine.AllEndedWhileTimePassesAsync(TimeSpan.FromSeconds(1));

        AssertAllAsAlone(engine, _requests);
    }

    [Fact]
    public async Task Rebuild_FactoryFailsAtTheLimit_TellsAllThatTheEngineStops()
    {
        bool broken = false;
        await using var engine = new RebuildableEngine((runner, _) =>
        {
            FailFactory(broken);
            broken = true;
            BreakAtRun(runner, 20);
        });
        engine.Submit(_requests);

        engine.Engine.Start();
        await engine.AllEndedWhileTimePassesAsync(TimeSpan.FromSeconds(1));
        await engine.Engine.StopAsync(CancellationToken.None).WaitAsync(Limit);

        AssertGivenUp(engine, rebuilds: 0);
    }

    [Fact]
    public async Task Rebuild_NewRunnersFailTheirProbe_BlamesNobody()
    {
        await using var engine = new RebuildableEngine((runner, number) => BreakAtRun(runner, number == 0 ? 20 : 1));
        engine.Submit(_requests);

        engine.Engine.Start();
        await engine.AllEndedWhileTimePassesAsync(TimeSpan.FromSeconds(1));
        await engine.Engine.StopAsync(CancellationToken.None).WaitAsync(Limit);

        AssertGivenUp(engine, rebuilds: 0);
    }

    [Fact]
    public async Task Rebuild_BreaksOftenerThanAllowed_TellsAllThatTheEngineStops()
    {
        // late enough that every sequence is cleared before the next break, so that nobody is to blame but the device
        await using var engine = new RebuildableEngine(
            (runner, _) => BreakAtRun(runner, 40), options: new EngineOptions { MaxRebuilds = 2 });
        engine.Submit([.. Enumerable.Range(1, 4).Select(id => Requests.Of(id, maxTokens: 200))]);

        engine.Engine.Start();
        await engine.AllEndedAsync();
        await engine.Engine.StopAsync(CancellationToken.None).WaitAsync(Limit);

        AssertGivenUp(engine, rebuilds: 2);
    }

    [Fact]
    public async Task Rebuild_FactoryHangs_TellsAllAtTheLimitThatTheEngineStops()
    {
        using var release = new ManualResetEventSlim();
        using var building = new ManualResetEventSlim();
        await using var engine = new RebuildableEngine((runner, number) =>
        {
            BreakAtRun(runner, number == 0 ? 20 : int.MaxValue);
            if (number > 0)
            {
                building.Set();
                release.Wait(Limit);
            }
        });
        engine.Submit(_requests);
        engine.Engine.Start();
        Assert.True(building.Wait(Limit), "the engine was never built anew");

        engine.Time.Advance(new EngineOptions().RebuildLimit + new EngineOptions().StallLimit);
        await engine.AllEndedAsync();
        release.Set();
        await engine.Engine.StopAsync(CancellationToken.None).WaitAsync(Limit);

        AssertGivenUp(engine, rebuilds: 0);
        Assert.All(engine.Runners, runner => Assert.True(runner.IsDisposed));
    }

    [Fact]
    public async Task R21_EngineHangs_IsStalledAfterTenSecondsAndNeedsARestartWithinThirty()
    {
        using var release = new ManualResetEventSlim();
        using var hangs = new ManualResetEventSlim();
        using var building = new ManualResetEventSlim();
        await using var engine = new RebuildableEngine((runner, number) =>
        {
            AtRun(runner, number == 0 ? 20 : int.MaxValue, () =>
            {
                hangs.Set();
                release.Wait(Limit);
            });
            if (number > 0)
            {
                building.Set();
                release.Wait(Limit);
            }
        });
        engine.Submit(_requests);
        engine.Engine.Start();
        Assert.True(hangs.Wait(Limit), "the engine never ran");

        engine.Time.Advance(TimeSpan.FromSeconds(9));
        EngineStatus slow = engine.Engine.Status;
        engine.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(building.Wait(Limit), "the engine was never built anew");
        EngineStatus stalled = engine.Engine.Status;
        engine.Time.Advance(TimeSpan.FromSeconds(18));
        EngineStatus hopeless = engine.Engine.Status;
        release.Set();
        await engine.AllEndedAsync();

        Assert.Equal((false, false), (slow.Stalled, slow.NeedsRestart));
        Assert.Equal((true, true, false), (stalled.Stalled, stalled.Rebuilding, stalled.NeedsRestart));
        Assert.Equal((true, true), (hopeless.Stalled, hopeless.NeedsRestart));
        Assert.Equal((false, false), (engine.Engine.Status.Stalled, engine.Engine.Status.NeedsRestart));
        AssertAllAsAlone(engine, _requests);
    }

    [Fact]
    public async Task Submit_RequestThatStalledAnotherEngine_EndsWithThisOneAndItsMatesDoNot()
    {
        GenerationRequest culprit = Requests.Of(9, promptLength: 30, maxTokens: 20) with { Breaks = 1 };
        GenerationRequest[] suspects = [.. _requests[..4].Select(request => request with { Breaks = 1 })];
        await using var engine = new RebuildableEngine(
            (runner, _) => AtTokenOf(runner, culprit, 0, () => throw new InvalidOperationException("test")), slots: 9);
        engine.Submit([.. suspects, culprit, .. _requests[4..]]);

        engine.Engine.Start();
        await engine.AllEndedAsync();

        AssertAllAsAlone(engine, _requests);
        Assert.Equal((FinishReason.RepeatedFault, 1), (engine[culprit.Id].Finish, engine.Engine.Status.Rebuilds));
    }

    [Fact]
    public void Submit_SuspectOfAnotherEngine_StreamsHereGoOnBesideIt()
    {
        CoreDriver driver = new CoreDriver(options: new EngineOptions { PrefillChunk = 4 }).Submit(_requests[0]).Steps(3);

        driver.Submit(Requests.Of(9, promptLength: 40) with { Breaks = 1 });
        int before = driver.Recorder[1].Ids.Count;
        driver.Steps(5);

        Assert.Equal(before + 5, driver.Recorder[1].Ids.Count);
    }

    [Fact]
    public async Task Submit_WhileTheEngineIsBuiltAnew_WaitsAndACancellationIsHeard()
    {
        using var release = new ManualResetEventSlim();
        using var building = new ManualResetEventSlim();
        await using var engine = new RebuildableEngine((runner, number) =>
        {
            BreakAtRun(runner, number == 0 ? 20 : int.MaxValue);
            if (number > 0)
            {
                building.Set();
                release.Wait(Limit);
            }
        });
        engine.Submit(_requests);
        engine.Engine.Start();
        Assert.True(building.Wait(Limit), "the engine was never built anew");
        Assert.True(engine.Engine.Status.Rebuilding);

        GenerationRequest late = Requests.Of(20);
        engine.Submit([late]);
        engine.Engine.Cancel(_requests[7].Id);
        release.Set();
        await engine.AllEndedAsync();

        Assert.Equal(FinishReason.Cancelled, engine[_requests[7].Id].Finish);
        AssertAllAsAlone(engine, [.. _requests[..7], late]);
    }

    [Fact]
    public async Task Rebuild_BreaksAtEveryRunOfAWork_TokensAreAlwaysAsAlone()
    {
        // the first seven are those of the warm-up
        for (int run = 1; run <= 57; run++)
        {
            await using var engine = new RebuildableEngine((runner, number) => BreakAtRun(runner, number == 0 ? run : int.MaxValue));
            engine.Submit(_requests);

            engine.Engine.Start();
            await engine.AllEndedAsync();

            Assert.True(engine.Engine.Status.Rebuilds == 1, $"run {run}: {engine.Engine.Status}");
            AssertAllAsAlone(engine, _requests);
        }
    }

    private static void AssertAllAsAlone(RebuildableEngine engine, IEnumerable<GenerationRequest> requests)
    {
        Assert.Null(engine.Disorder);
        foreach (GenerationRequest request in requests)
        {
            Assert.Equal((request.Id, FinishReason.Length), (request.Id, engine[request.Id].Finish));
            Assert.Equal(CoreDriver.Alone(request), engine[request.Id].Ids);
        }

        Assert.Equal(0, engine.Engine.Status.Running + engine.Engine.Status.Waiting);
    }

    private void AssertGivenUp(RebuildableEngine engine, int rebuilds)
    {
        Assert.Null(engine.Disorder);
        Assert.All(_requests[..4], request => Assert.Equal(FinishReason.EngineStopping, engine[request.Id].Finish));
        Assert.Equal((true, false, rebuilds), (engine.Engine.Status.Faulted, engine.Engine.Status.Rebuilding, engine.Engine.Status.Rebuilds));
        Assert.Equal(AdmissionOutcome.Draining, engine.Engine.Submit(Requests.Of(99)));
    }

    private static void FailFactory(bool fails)
    {
        if (fails)
        {
            throw new IOException("test");
        }
    }

    private static void BreakAtRun(FakeRunner runner, int run) => AtRun(runner, run, () => throw new InvalidOperationException("test"));

    private static void AtRun(FakeRunner runner, int run, Action act)
    {
        int runs = 0;
        runner.BeforeRun = () =>
        {
            if (++runs == run)
            {
                act();
            }
        };
    }

    /// <summary>Acts where the request would choose the given output token, and not where a row that nobody wants fills its slot.</summary>
    private static void AtTokenOf(FakeRunner runner, GenerationRequest request, int token, Action act)
    {
        int[] fed = [.. request.PromptIds, .. CoreDriver.Alone(request)[..token]];
        FakeRunner.RowFault? before = runner.Fault;
        runner.Fault = (history, logits) =>
        {
            before?.Invoke(history, logits);
            if (history.SequenceEqual(fed))
            {
                act();
            }
        };
    }

    /// <summary>Tells the number of each output token that the request chooses.</summary>
    private static void AtEachTokenOf(FakeRunner runner, GenerationRequest request, Action<int> act)
    {
        for (int token = 0; token < request.MaxTokens; token++)
        {
            int chosen = token;
            AtTokenOf(runner, request, token, () => act(chosen));
        }
    }
}
