using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Robustness.Clusters;
using DeepSeekOrleans.Robustness.Histories;

namespace DeepSeekOrleans.Robustness.Load;

/// <summary>A cluster whose undisturbed answers are known and which now has readers to serve; then what its history shows.</summary>
internal sealed class LoadedCluster : IAsyncDisposable
{
    private const int Prompts = 40;

    // an ended answer's slot is free within two steps; the rest is for a busy machine
    private static readonly TimeSpan EmptyLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly Run _run;
    private readonly LoadClient[] _clients;

    private LoadedCluster(Run run, RigCluster cluster, LoadClient[] clients)
    {
        _run = run;
        _clients = clients;
        Cluster = cluster;
    }

    public RigCluster Cluster { get; }

    /// <summary>Requests under way, as the clients see it.</summary>
    public int Open => _clients.Sum(client => client.Open.Count);

    /// <param name="streams">Readers of each frontend; their answers all have a slot while all silos are there.</param>
    /// <param name="tokens">The shortest and the longest answer.</param>
    public static async Task<LoadedCluster> StartAsync(Run run, RigCluster cluster, IReadOnlyList<Uri> frontends, int streams, (int Min, int Max) tokens)
    {
        PromptCase[] prompts = PromptCase.Draw(run.Random, Prompts, tokens);
        LoadClient[] clients = [.. frontends.Select(frontend => new LoadClient(run.History, prompts, frontend, cluster.Model))];
        LoadedCluster loaded = new(run, cluster, clients);
        await clients[0].ExpectAsync();
        foreach (LoadClient client in clients)
        {
            client.Start(streams, run.Random);
        }

        return loaded;
    }

    public void Fault(string what, SiloState silo)
    {
        double at = _run.History.Write(EventKind.Fault, told => told with { Where = silo.Name, Detail = what });
        _run.Say($"{at / 1000:F1} s: {what} {silo.Name} (process {silo.ProcessId}, {silo.OpenStreams} open)");
    }

    public void Fault(string what)
    {
        double at = _run.History.Write(EventKind.Fault, told => told with { Detail = what });
        _run.Say($"{at / 1000:F1} s: {what}");
    }

    public void Healed(string what)
    {
        double at = _run.History.Write(EventKind.Healed, told => told with { Detail = what });
        _run.Say($"{at / 1000:F1} s: {what}");
    }

    /// <summary>Waits until all requests that are under way now have ended.</summary>
    public Task AllNewAsync() => AllNewAsync([.. _clients.SelectMany(client => client.Open)]);

    /// <summary>The numbers of the requests that one frontend is answering.</summary>
    public HashSet<int> OpenAt(int frontend) => [.. _clients[frontend].Open];

    /// <summary>Waits until these requests have ended.</summary>
    public async Task AllNewAsync(HashSet<int> old)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (_clients.SelectMany(client => client.Open).Any(old.Contains) && TimeProvider.System.GetElapsedTime(began) < EndLimit)
        {
            await Task.Delay(LookInterval);
        }
    }

    /// <summary>Ends the load and requires what every scenario requires: no wrong answer, no hanging one, and nothing left behind.</summary>
    public async Task<HistorySummary> EndAsync(double minimumRate)
    {
        _run.History.Write(EventKind.Closing, told => told);
        await Task.WhenAll(_clients.Select(client => client.CloseAsync()));
        TimeSpan? empty = await Cluster.WaitAsync(silos => silos.All(silo => silo.OpenStreams == 0), EmptyLimit);
        Cluster.WriteMoves(_run.History);
        await _run.History.CloseAsync();

        HistorySummary summary = HistoryChecker.Check(History.Read(_run.History.Path));
        _run.Say($"{summary.Count(Outcome.Complete)} complete, {summary.Count(Outcome.Refused)} refused, {summary.Count(Outcome.Failed)} failed, {summary.Count(Outcome.Unknown)} unknown; {summary.Moved} moved");
        _run.RequireRate(summary.Rate, minimumRate);
        _run.RequireNone(summary.WrongAnswers, "answers other than undisturbed (lost, doubled or foreign tokens, or charged otherwise)");
        _run.RequireNone(summary.WrongBeginnings, "broken answers that began other than undisturbed");
        _run.Require(summary.Unended == 0, $"{summary.Unended} requests without an end");
        _run.Require(empty is not null, $"no slot is in use afterwards");
        return summary;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LoadClient client in _clients)
        {
            await client.DisposeAsync();
        }

        await Cluster.DisposeAsync();
    }
}
