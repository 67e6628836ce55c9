using System.Diagnostics;
using System.Globalization;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Benchmarks.Soak;

/// <summary>
/// One engine with the demo model under requests that come, go and are cancelled at random, and a model that fails, breaks and hangs.
/// Says so, by its exit code too, when anything grows, is left over or comes out wrong.
/// </summary>
internal sealed class SoakBenchmark : IAsyncDisposable
{
    private const int Slots = 8;

    // per run of the model, of which there are some hundreds a second
    private static readonly FaultRates Rates = new()
    {
        Fail = 1e-3,
        NotANumber = 1e-3,
        Break = 1.0 / 5_000,
        Hang = 1.0 / 20_000,
        HangLength = TimeSpan.FromSeconds(4),
    };

    private readonly TextWriter _output;
    private readonly FaultCounts _faults = new();
    private readonly Random _random = new(2);
    private readonly List<ProcessSample> _samples = [];
    private readonly SoakLoad _load;
    private readonly InferenceEngine _engine;
    private int _runners;

    private SoakBenchmark(TextWriter output, string directory)
    {
        _output = output;
        var language = ModelLanguage.Load(directory);
        IModelRunner NewRunner() => new FaultyRunner(
            OnnxModel.Load(directory, new OnnxRunnerOptions { Slots = Slots, IntraOpThreads = 1 }), Rates, _faults, new Random(++_runners));
        IModelRunner first = NewRunner();
        _load = new SoakLoad(first.Shape.Vocabulary);
        var options = new EngineOptions { MaxWaiting = 32, StallLimit = TimeSpan.FromSeconds(2), MaxRebuilds = 1_000 };
        _engine = new InferenceEngine(first, language.Tokenizer, _load, options, TimeProvider.System, NullLogger<InferenceEngine>.Instance)
        {
            RunnerFactory = NewRunner,
        };
    }

    public static async Task<int> RunAsync(TextWriter output, string[] arguments)
    {
        var settings = SoakSettings.Parse(arguments);
        PreparedModel model = ModelConversion.Prepare(
            ModelDirectory.Demo.FullName, ModelDirectory.CacheRoot, settings.Form, progress: null, CancellationToken.None);
        await using var soak = new SoakBenchmark(output, model.Directory);
        return await soak.RunAsync(settings.Length) ? 0 : 1;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private async Task<bool> RunAsync(TimeSpan length)
    {
        _engine.Start();
        long start = Stopwatch.GetTimestamp();
        TimeSpan interval = length / 60;
        TimeSpan nextSample = interval;
        while (Stopwatch.GetElapsedTime(start) is var elapsed && elapsed < length)
        {
            Arrive();
            _load.CancelDue(_engine);
            if (elapsed >= nextSample)
            {
                _samples.Add(ProcessSample.Take(elapsed));
                nextSample += interval;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await DrainAsync();
        return await ReportAsync(seconds);
    }

    /// <summary>About as many as one core computes, and now and then more at once than slots and queue take.</summary>
    private void Arrive()
    {
        int burst = _random.Next(1_000) == 0 ? 48 : _random.Next(25) == 0 ? 2 : 0;
        for (int i = 0; i < burst; i++)
        {
            _load.Arrive(_engine);
        }
    }

    private async Task DrainAsync()
    {
        long start = Stopwatch.GetTimestamp();
        while (_load.Open > 0 && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private async Task<bool> ReportAsync(double seconds)
    {
        EngineStatus status = _engine.Status;
        int n = _samples.Count;
        ProcessSample early = ProcessSample.Median(_samples[(n / 6)..(n / 3)]);
        ProcessSample middle = ProcessSample.Median(_samples[(n * 5 / 12)..(n * 7 / 12)]);
        ProcessSample late = ProcessSample.Median(_samples[(n * 5 / 6)..]);
        await _output.WriteLineAsync(Invariant($"{seconds:F0} s, {_load.Tokens} tokens, {_load.Tokens / seconds:F0} tokens/s, {status.Steps} steps"));
        await _output.WriteLineAsync($"ended: {string.Join(", ", _load.Ends.OrderBy(end => end.Key).Select(end => $"{end.Key} {end.Value}"))}; refused {_load.Refused}");
        await _output.WriteLineAsync(
            $"injected: {_faults.Failures} failing runs, {_faults.NotANumbers} not-a-numbers, {_faults.Breaks} breaks, {_faults.Hangs} hangs; rebuilt {status.Rebuilds} times; {_faults.JoinedRuns} joined runs");
        foreach ((string when, ProcessSample sample) in new[] { ("start", early), ("middle", middle), ("end", late) })
        {
            await _output.WriteLineAsync(Invariant(
                $"{when,-6} {sample.At.TotalSeconds,5:F0} s: managed heap {sample.HeapMegabytes:F2} MiB, resident {sample.ResidentMegabytes:F1} MiB, {sample.Threads} threads"));
        }

        await _output.WriteLineAsync($"left at the end: {status.Running} running, {status.Waiting} waiting, {_load.Open} unanswered; wrong tokens {_load.Wrong}");
        string[] complaints = [.. Complaints(status, early, late)];
        await _output.WriteLineAsync(complaints.Length == 0 ? "sound" : $"NOT SOUND: {string.Join("; ", complaints)}");
        return complaints.Length == 0;
    }

    private IEnumerable<string> Complaints(EngineStatus status, ProcessSample early, ProcessSample late)
    {
        // after the warm-up of the first sixth; what glibc's allocator keeps of replaced sessions is more than that, see the README
        const double heapGrowth = 1;
        const double residentGrowth = 0.1;
        const int threadGrowth = 5;
        if (late.HeapMegabytes - early.HeapMegabytes > heapGrowth)
        {
            yield return "the managed heap has grown";
        }

        if (late.ResidentMegabytes > early.ResidentMegabytes * (1 + residentGrowth))
        {
            yield return "the resident memory has grown";
        }

        if (late.Threads > early.Threads + threadGrowth)
        {
            yield return "threads are left over";
        }

        if (status.Running + status.Waiting + _load.Open > 0)
        {
            yield return "not everything has ended";
        }

        if (_load.Wrong > 0)
        {
            yield return "tokens are wrong";
        }

        if (status.Faulted || _load.Ends.ContainsKey(FinishReason.EngineStopping))
        {
            yield return "the engine was given up";
        }

        int blamed = _load.Ends.GetValueOrDefault(FinishReason.ModelFault);
        if (blamed > _faults.Failures + _faults.NotANumbers)
        {
            yield return "more sequences were blamed than faults injected";
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
