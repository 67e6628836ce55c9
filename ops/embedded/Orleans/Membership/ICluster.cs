using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Directory;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Messaging;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Membership;

/// <summary>What a silo or a client knows of its cluster, and how it comes and goes.</summary>
internal interface ICluster : IAsyncDisposable
{
    MembershipTable Membership { get; }

    IGrainDirectory Directory { get; }

    ITransport Transport { get; }

    /// <summary>The active silos that clients may connect to.</summary>
    SiloAddress[] Gateways { get; }

    /// <summary>The active silos that can activate grains of the type.</summary>
    SiloAddress[] SilosFor(GrainType type);

    /// <summary>The type of the class that implements the interface on some silo of the cluster.</summary>
    GrainType? GrainTypeOf(Type interfaceType);

    /// <summary>From now on the silo is joining and can be reached.</summary>
    Task JoinAsync(ILocalSiloDetails details, SiloNode silo, CancellationToken cancellationToken);

    Task SetStatusAsync(ILocalSiloDetails details, SiloStatus status, CancellationToken cancellationToken);

    /// <summary>The silo goes at once and without a word, as in a crash.</summary>
    ValueTask AbandonAsync(ILocalSiloDetails details);

    Task ConnectAsync(ClientNode client, CancellationToken cancellationToken);

    ValueTask DisconnectAsync(ClientNode client);

    /// <summary>Learns now what it would learn soon.</summary>
    ValueTask RefreshAsync(CancellationToken cancellationToken);

    /// <summary>Declares a silo dead; false when it is unknown.</summary>
    Task<bool> TryKillAsync(SiloAddress silo);
}

/// <summary>Registered by the kind of clustering that the host uses; without one the cluster is this process.</summary>
internal interface IClusterFactory
{
    ICluster Create(ClusterOptions options);
}
