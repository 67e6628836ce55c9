using System.Collections.Concurrent;
using System.Diagnostics;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Messaging;
using DeepSeekOrleans.Embedded.Network;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using StackExchange.Redis;

namespace DeepSeekOrleans.Embedded.Clustering;

/// <summary>Answered by every silo that runs.</summary>
[Alias("embedded.ISiloProbe")]
internal interface ISiloProbe : IGrainObserver
{
    ValueTask PingAsync();
}

internal sealed class SiloProbe : ISiloProbe
{
    public ValueTask PingAsync() => default;
}

/// <summary>
/// Keeps the connections of a silo with the others and asks each of them, again and again, whether it lives. Who misses too many
/// probes gets this silo's vote, and with enough votes is written down as dead.
/// </summary>
internal sealed partial class SiloMonitor(RedisTable table, TcpTransport transport, ClusterMembershipOptions options, ILogger logger)
{
    public const string PartName = "probe";

    private readonly ConcurrentDictionary<SiloAddress, SemaphoreSlim> _watched = new();
    private Node _node = null!;

    /// <summary>The last row that was read of a silo: one that dies just after the table was emptied has not written it again.</summary>
    public required Func<SiloAddress, SiloRow?> LastRowOf { get; init; }

    /// <summary>From now on these are watched, and no others.</summary>
    public void Watch(Node node, SiloAddress[] silos)
    {
        _node = node;
        foreach (SiloAddress gone in _watched.Keys.Except(silos))
        {
            if (_watched.TryRemove(gone, out SemaphoreSlim? look))
            {
                look.Release();
            }
        }

        foreach (SiloAddress silo in silos)
        {
            var look = new SemaphoreSlim(0);
            if (_watched.TryAdd(silo, look))
            {
                _ = WatchAsync(silo, look);
            }
        }
    }

    /// <summary>Asks this silo now: its connection has broken.</summary>
    public void LookAt(SiloAddress silo)
    {
        if (_watched.TryGetValue(silo, out SemaphoreSlim? look))
        {
            look.Release();
        }
    }

    private async Task WatchAsync(SiloAddress silo, SemaphoreSlim look)
    {
        int missed = 0;
        bool hasMet = false;
        while (_node.IsOpen && _watched.ContainsKey(silo))
        {
            long started = Stopwatch.GetTimestamp();
            bool answered = await ProbeAsync(silo, hasMet).ConfigureAwait(false);
            hasMet |= answered;

            // This process was held up itself: what it has missed says nothing of the other.
            bool wasHeldUp = Stopwatch.GetElapsedTime(started) > options.ProbeTimeout * 1.5;
            missed = answered ? 0 : wasHeldUp ? missed : missed + 1;
            if (missed >= options.NumMissedProbesLimit)
            {
                await VoteAsync(silo).ConfigureAwait(false);
            }

            TimeSpan pause = (answered ? options.ProbeTimeout : options.ProbeTimeout / 2) - Stopwatch.GetElapsedTime(started);
            await look.WaitAsync(pause > TimeSpan.Zero ? pause : TimeSpan.Zero).ConfigureAwait(false);
        }
    }

    private async Task<bool> ProbeAsync(SiloAddress silo, bool hasMet)
    {
        if (!transport.IsConnected(silo) && !await ConnectAsync(silo, hasMet).ConfigureAwait(false))
        {
            return false;
        }

        try
        {
            var probe = (ISiloProbe)(object)_node.CreateReference(ObserverTable.RuntimePart(silo, PartName), typeof(ISiloProbe));
            await probe.PingAsync().AsTask().WaitAsync(options.ProbeTimeout).ConfigureAwait(false);
            return true;
        }
        catch (Exception silent) when (silent is TimeoutException or OrleansException)
        {
            return false;
        }
    }

    /// <summary>Of a silo that connects by itself, a connection that broke says that it has ended; one that is yet to come may be just slow.</summary>
    private async Task<bool> ConnectAsync(SiloAddress silo, bool hasMet)
    {
        bool isOursToConnect = _node.Address.CompareTo(silo) > 0;
        return isOursToConnect
            ? await transport.ConnectAsync(silo, silo.Endpoint.Port).ConfigureAwait(false)
            : !hasMet && await transport.ConnectedAsync(silo, options.ProbeTimeout).ConfigureAwait(false);
    }

    private async Task VoteAsync(SiloAddress silo)
    {
        try
        {
            bool isVoted = false;
            await table.ChangeAsync(read =>
            {
                Dictionary<SiloAddress, SiloRow?> vote = WithVote(read, silo);
                isVoted = vote.Count > 0;
                return vote;
            }).ConfigureAwait(false);
            if (isVoted)
            {
                Log.Suspected(logger, silo);
            }
        }
        catch (Exception away) when (away is RedisException or TimeoutException or OrleansException)
        {
            // Without the table nobody is declared dead; the vote is given again after the next probe.
            Log.NotVoted(logger, silo, away);
        }
    }

    private Dictionary<SiloAddress, SiloRow?> WithVote(TableSnapshot read, SiloAddress silo)
    {
        SiloRow? row = read.Rows.GetValueOrDefault(silo) ?? LastRowOf(silo);
        if (row is null || row.Status == SiloStatus.Dead || IsStillJoining(read, silo, row) || IsLeaving(read))
        {
            return [];
        }

        string self = _node.Address.ToParsableString();
        long oldest = read.Now - (long)options.DeathVoteExpirationTimeout.TotalMilliseconds;
        Suspicion[] votes = [.. row.Suspicions.Where(vote => vote.By != self && vote.At >= oldest), new Suspicion(self, read.Now)];
        return new() { [silo] = row with { Suspicions = votes, Status = votes.Length >= VotesNeeded(read) ? SiloStatus.Dead : row.Status } };
    }

    /// <summary>
    /// A silo that has just begun to join is not connected yet, and on a busy machine that takes longer than the probes that it may miss.
    /// Nothing depends on it before it is active.
    /// </summary>
    private bool IsStillJoining(TableSnapshot read, SiloAddress silo, SiloRow row) =>
        row.Status is SiloStatus.Created or SiloStatus.Joining && read.AliveAt.GetValueOrDefault(silo) >= OldestLife(read);

    /// <summary>The others close their connections with a silo that leaves: that it reaches nobody then is no fault of theirs.</summary>
    private bool IsLeaving(TableSnapshot read) => read.Rows.TryGetValue(_node.Address, out SiloRow? own) && own.Status.IsTerminating();

    private long OldestLife(TableSnapshot read) =>
        read.Now - (long)(options.IAmAliveTablePublishTimeout * options.NumMissedTableIAmAliveLimit).TotalMilliseconds;

    /// <summary>As many as the options say, but never more than half of those that show life: a small cluster must be able to decide.</summary>
    private int VotesNeeded(TableSnapshot read)
    {
        long oldest = OldestLife(read);
        int living = read.Rows.Count(entry => entry.Value.Status == SiloStatus.Active && read.AliveAt.GetValueOrDefault(entry.Key) >= oldest);
        return Math.Max(1, Math.Min(options.NumVotesForDeathDeclaration, (living + 1) / 2));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Silo} does not answer and has got a vote for being dead")]
        public static partial void Suspected(ILogger logger, SiloAddress silo);

        [LoggerMessage(2, LogLevel.Warning, "{Silo} does not answer, and the vote for it being dead could not be given")]
        public static partial void NotVoted(ILogger logger, SiloAddress silo, Exception exception);
    }
}
