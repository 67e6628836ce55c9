using System.Net;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Tests.Fakes;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Silo.Tests;

/// <summary>What a silo tells its probes while the engine of its only worker works, hangs and is built anew.</summary>
public sealed class SiloHealthTests : IAsyncLifetime, IDisposable
{
    private static readonly WorkerKey Worker = new("silo-1", "cpu0", "demo");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly ManualResetEventSlim _gate = new();
    private readonly TaskCompletionSource _building = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient _http = new();
    private readonly SiloLoad _load = new();
    private readonly StoppingLifetime _lifetime = new();
    private InferenceEngine _engine = null!;
    private HealthListener _listener = null!;

    public async Task InitializeAsync()
    {
        Tokenizer tokenizer = ModelLanguage.Load(Repository.DemoModel).Tokenizer;
        _engine = new InferenceEngine(NewRunner(), tokenizer, new Silence(), new EngineOptions(), _time, NullLogger<InferenceEngine>.Instance)
        {
            RunnerFactory = () =>
            {
                _building.TrySetResult();
                _gate.Wait(Limit);
                return NewRunner();
            },
        };
        _load.Set(Worker, _engine);
        int port = FreePorts.Take(1)[0];
        _http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        var health = new SiloHealth(_load, _lifetime);
        health.Set(new WorkerHealth(Worker, WorkerState.Ready, Problem: null));
        _listener = new HealthListener(health, Options.Create(new SiloHostOptions { HealthPort = port }), NullLogger<HealthListener>.Instance);
        await _listener.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        _gate.Set();
        await _listener.StopAsync(CancellationToken.None);
        await _engine.DisposeAsync();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _http.Dispose();
        _gate.Dispose();
        _lifetime.Dispose();
    }

    [Fact]
    public async Task R21_EngineBusyThenStalledThenHelped_LivenessIsRedOnlyWhereNothingElseHelps()
    {
        _engine.Start();
        _engine.Submit(new GenerationRequest { Id = 1, Tenant = "t", PromptIds = [1, 2, 3], MaxTokens = 5 });
        await _running.Task.WaitAsync(Limit);

        _time.Advance(TimeSpan.FromSeconds(9));
        await AssertAsync("busy", live: HttpStatusCode.OK, ready: HttpStatusCode.OK);
        _time.Advance(TimeSpan.FromSeconds(2));
        await _building.Task.WaitAsync(Limit);
        await AssertAsync("stalled", live: HttpStatusCode.OK, ready: HttpStatusCode.ServiceUnavailable);
        _time.Advance(TimeSpan.FromSeconds(18));
        await AssertAsync("not built anew", live: HttpStatusCode.ServiceUnavailable, ready: HttpStatusCode.ServiceUnavailable);
        Assert.Contains($"{Worker}", await LiveTextAsync(), StringComparison.Ordinal);
        _gate.Set();
        await UntilLiveAsync();
    }

    [Fact]
    public async Task Health_EngineWithoutWork_IsLiveAndReadyForEver()
    {
        _engine.Start();
        _time.Advance(TimeSpan.FromDays(1));

        await AssertAsync("idle", live: HttpStatusCode.OK, ready: HttpStatusCode.OK);
    }

    [Fact]
    public async Task R03_SiloBeginsToStop_IsLiveAndNotReady()
    {
        _engine.Start();

        _lifetime.StopApplication();

        await AssertAsync("stopping", live: HttpStatusCode.OK, ready: HttpStatusCode.ServiceUnavailable);
    }

    private FakeRunner NewRunner() => new(FakeRunner.ShapeOf())
    {
        // the warm-up's tokens are all 0
        Fault = (history, _) =>
        {
            if (history[0] == 1)
            {
                _running.TrySetResult();
                _gate.Wait(Limit);
            }
        },
    };

    private async Task AssertAsync(string phase, HttpStatusCode live, HttpStatusCode ready) =>
        Assert.Equal((phase, live, ready), (phase, await AskAsync("/health/live"), await AskAsync("/health/ready")));

    private async Task<HttpStatusCode> AskAsync(string path)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    private async Task<string> LiveTextAsync()
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri("/health/live", UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }

    private async Task UntilLiveAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        while (await AskAsync("/health/live") != HttpStatusCode.OK || await AskAsync("/health/ready") != HttpStatusCode.OK)
        {
            Assert.False(limit.IsCancellationRequested, $"{_engine.Status}");
        }
    }

    private sealed class StoppingLifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public void Dispose() => _stopping.Dispose();
    }

    private sealed class Silence : IStepObserver
    {
        public void OnStep(ReadOnlySpan<EmittedToken> tokens)
        {
        }
    }
}
