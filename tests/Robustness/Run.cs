using DeepSeekOrleans.Robustness.Histories;

namespace DeepSeekOrleans.Robustness;

internal enum Verdict
{
    Passed,
    Failed,

    /// <summary>Too little was asked of the cluster for the run to show anything.</summary>
    Void,

    /// <summary>This machine cannot run it.</summary>
    Unavailable,
}

/// <summary>One run of one scenario: where it writes, what it draws its chances from, and what it has found.</summary>
internal sealed class Run : IAsyncDisposable
{
    private readonly Action<string> _print;
    private readonly long _begin = TimeProvider.System.GetTimestamp();
    private bool _isFailed;
    private bool _isVoid;

    public Run(string id, RunSettings settings, Action<string> print)
    {
        Settings = settings;
        _print = print;
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "histories")).FullName;
        History = new HistoryWriter(Path.Combine(folder, $"{id}-{settings.Seed}.jsonl"));
        Random = new Random(settings.Seed);
    }

    public RunSettings Settings { get; }

    public HistoryWriter History { get; }

    public Random Random { get; }

    /// <summary>A run that both failed and is void has failed: what it found it has found.</summary>
    public Verdict Verdict => _isFailed ? Verdict.Failed : _isVoid ? Verdict.Void : Verdict.Passed;

    /// <summary>True once the faults have gone on for as long as they may.</summary>
    public bool IsOver(TimeSpan usual) => TimeProvider.System.GetElapsedTime(_begin) > (Settings.Limit ?? usual);

    public int Scaled(int shortCount, int longCount) => Settings.IsLong ? longCount : shortCount;

    /// <summary>A pause between two bounds.</summary>
    public Task PauseAsync(double minSeconds, double maxSeconds) =>
        Task.Delay(TimeSpan.FromSeconds(minSeconds + (Random.NextDouble() * (maxSeconds - minSeconds))));

    public void Say(FormattableString line) => _print($"  {FormattableString.Invariant(line)}");

    /// <summary>What must hold.</summary>
    public void Require(bool holds, FormattableString what)
    {
        _isFailed |= !holds;
        Say($"{(holds ? "ok  " : "FAIL")} {FormattableString.Invariant(what)}");
    }

    /// <summary>None of these may have happened; the first few are shown.</summary>
    public void RequireNone(IReadOnlyList<string> cases, string what)
    {
        const int Shown = 5;
        Require(cases.Count == 0, $"{cases.Count} {what}");
        foreach (string shown in cases.Take(Shown))
        {
            Say($"     {shown}");
        }
    }

    /// <summary>A figure that depends on the machine: printed beside its goal, and no reason to fail.</summary>
    public void Compare(string what, double measured, double goal, string unit) =>
        Say($"{(measured <= goal ? "goal" : "MISS")} {what}: {measured:F2} {unit} (goal {goal} {unit})");

    /// <summary>A run that asked for less shows nothing.</summary>
    public void RequireRate(double measured, double minimum)
    {
        _isVoid |= measured < minimum;
        Say($"{(measured >= minimum ? "ok  " : "VOID")} {measured:F2} complete answers a second (at least {minimum})");
    }

    public ValueTask DisposeAsync() => History.DisposeAsync();
}
