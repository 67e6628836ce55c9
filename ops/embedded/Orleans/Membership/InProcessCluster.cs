using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Directory;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Messaging;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Membership;

/// <summary>
/// A cluster within this process. Silos and clients that name the same service and cluster id get the same one. It is kept as
/// long as one of them is there.
/// </summary>
internal sealed class InProcessCluster : ICluster
{
    private static readonly Lock ClustersLock = new();
    private static readonly Dictionary<(string Service, string Cluster), InProcessCluster> Clusters = [];

    private readonly ConcurrentDictionary<SiloAddress, SiloNode> _silos = new();
    private readonly (string Service, string Cluster) _key;
    private int _users;

    private InProcessGrainDirectory Directory { get; }

    private InProcessTransport Transport { get; } = new();

    private InProcessCluster((string Service, string Cluster) key)
    {
        _key = key;
        Directory = new InProcessGrainDirectory(silo => Membership.Snapshot.GetSiloStatus(silo) == SiloStatus.Dead);
        Membership.Changed += OnMemberChanged;
    }

    public MembershipTable Membership { get; } = new();

    IGrainDirectory ICluster.Directory => Directory;

    ITransport ICluster.Transport => Transport;

    public SiloAddress[] Gateways { get; private set; } = [];

    /// <summary>Each caller disposes it when it is done.</summary>
    public static InProcessCluster Enter(ClusterOptions options)
    {
        lock (ClustersLock)
        {
            (string, string) key = (options.ServiceId, options.ClusterId);
            if (!Clusters.TryGetValue(key, out InProcessCluster? cluster))
            {
                Clusters[key] = cluster = new InProcessCluster(key);
            }

            cluster._users++;
            return cluster;
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (ClustersLock)
        {
            if (--_users == 0)
            {
                Clusters.Remove(_key);
            }
        }

        return default;
    }

    /// <exception cref="InvalidOperationException">A living silo has the same endpoint.</exception>
    public Task JoinAsync(ILocalSiloDetails details, SiloNode silo, CancellationToken cancellationToken)
    {
        lock (ClustersLock)
        {
            if (_silos.Keys.Any(other => other.Endpoint.Equals(silo.Address.Endpoint)))
            {
                throw new InvalidOperationException($"the silo address {silo.Address.Endpoint} is in use by another silo of this cluster");
            }

            _silos[silo.Address] = silo;
        }

        Transport.Attach(silo);
        return SetStatusAsync(details, SiloStatus.Joining, cancellationToken);
    }

    /// <summary>The silos share one table: a change is complete when this returns.</summary>
    public Task SetStatusAsync(ILocalSiloDetails details, SiloStatus status, CancellationToken cancellationToken)
    {
        Membership.Set(details.SiloAddress, details.Name, status);
        return Task.CompletedTask;
    }

    public ValueTask AbandonAsync(ILocalSiloDetails details)
    {
        Membership.Set(details.SiloAddress, details.Name, SiloStatus.Dead);
        return default;
    }

    public Task ConnectAsync(ClientNode client, CancellationToken cancellationToken)
    {
        Transport.Attach(client);
        return Task.CompletedTask;
    }

    public ValueTask DisconnectAsync(ClientNode client)
    {
        Transport.Detach(client);
        return default;
    }

    public ValueTask RefreshAsync(CancellationToken cancellationToken) => default;

    public Task<bool> TryKillAsync(SiloAddress silo)
    {
        ClusterMember? member = Membership.Snapshot.Members.GetValueOrDefault(silo);
        return Task.FromResult(member is not null && Membership.Set(silo, member.Name, SiloStatus.Dead));
    }

    public SiloAddress[] SilosFor(GrainType type) =>
    [
        .. from silo in _silos.Values
           where Membership.Snapshot.GetSiloStatus(silo.Address) == SiloStatus.Active && silo.GrainClasses.ContainsKey(type)
           orderby silo.Address
           select silo.Address,
    ];

    public GrainType? GrainTypeOf(Type interfaceType) =>
        _silos.Values.Select(silo => silo.GrainTypeOf(interfaceType)).FirstOrDefault(type => type is not null);

    private void OnMemberChanged(ClusterMember member)
    {
        Gateways =
        [
            .. from silo in _silos.Values
               where Membership.Snapshot.GetSiloStatus(silo.Address) == SiloStatus.Active && silo.HasGateway
               orderby silo.Address
               select silo.Address,
        ];
        if (member.Status != SiloStatus.Dead)
        {
            return;
        }

        if (_silos.TryRemove(member.SiloAddress, out SiloNode? dead))
        {
            Transport.Detach(dead);
            dead.Kill();
        }

        // The directory before the callers: a call that is repeated at once must not be sent to the dead silo again.
        Directory.RemoveSilo(member.SiloAddress);
        Transport.NotifyDeath(member.SiloAddress);
    }
}
