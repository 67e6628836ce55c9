using System.Text.RegularExpressions;
using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Histories;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Robustness.Clusters;

/// <summary>A cluster under test: real processes, started by <c>deepseek up</c> and asked as <c>ps</c> and <c>silo</c> ask it.</summary>
internal sealed partial class RigCluster : IAsyncDisposable
{
    // often enough to tell a second from two
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private static readonly string[] Int8 = ["--precision", "int8", "--kv-cache", "int8"];

    private readonly ClusterProcess _process;
    private readonly string _log;
    private int _lastSilo;

    private RigCluster(ClusterProcess process, string log, int silos) => (_process, _log, _lastSilo) = (process, log, silos);

    public Uri Http => _process.Http;

    /// <summary>The HTTP addresses of all frontends.</summary>
    public IReadOnlyList<Uri> Frontends => _process.Frontends;

    public string Model => _process.Model;

    public int ProcessId => _process.ProcessId;

    /// <param name="run">What the processes print is kept beside its history.</param>
    public static async Task<RigCluster> StartAsync(Run run, int silos, params string[] arguments)
    {
        Dictionary<string, string> options = new()
        {
            // the silos share few cores: one thread each computes more than several that wait for each other
            ["DEEPSEEK_Onnx__IntraOpThreads"] = "1",
            ["DEEPSEEK_Logging__LogLevel__DeepSeekOrleans.Frontend.Generation.StreamMover"] = "Information",
        };
        ClusterProcess process = await ClusterProcess.StartAsync(options, ["--silos", $"{silos}", .. run.Settings.IsInt8 ? Int8 : [], .. arguments]);
        return new RigCluster(process, Path.ChangeExtension(run.History.Path, ".log"), silos);
    }

    public async Task<IReadOnlyList<SiloState>> ListAsync() => (await AskAsync(new ControlRequest("list"))).Silos!;

    public async Task<IReadOnlyList<FrontendState>> ListFrontendsAsync() => (await AskAsync(new ControlRequest("list"))).Frontends!;

    /// <returns>The new silo's name, once its workers are ready.</returns>
    public async Task<string> AddAsync()
    {
        string name = $"silo-{++_lastSilo}";
        await AskAsync(new ControlRequest("add", name));
        return name;
    }

    /// <summary>Returns when the silo's process has ended.</summary>
    public Task DrainAsync(string silo) => AskAsync(new ControlRequest("drain", silo));

    /// <summary>Looks until the silos are as they should be.</summary>
    /// <returns>How long that took; null when it took longer than the limit.</returns>
    public async Task<TimeSpan?> WaitAsync(Func<IReadOnlyList<SiloState>, bool> wanted, TimeSpan limit)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (!wanted(await ListAsync()))
        {
            if (TimeProvider.System.GetElapsedTime(begin) > limit)
            {
                return null;
            }

            await Task.Delay(LookInterval);
        }

        return TimeProvider.System.GetElapsedTime(begin);
    }

    /// <summary>What the frontends have logged of moves.</summary>
    public void WriteMoves(HistoryWriter history)
    {
        foreach (Match move in Moved().Matches(_process.Printed))
        {
            history.Write(EventKind.Moved, told => told with
            {
                Id = move.Groups["id"].Value,
                Where = move.Groups["to"].Value,
                Detail = move.Groups["why"].Value,
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await File.WriteAllTextAsync(_log, _process.Printed);
        await _process.DisposeAsync();
    }

    private Task<ControlAnswer> AskAsync(ControlRequest request) => ControlPipe.AskAsync(Http.Port, request, CancellationToken.None);

    [GeneratedRegex(@"Request (?<id>req-\w+) has moved from \S+ to (?<to>\S+) \((?<why>\w+)\)")]
    private static partial Regex Moved();
}
