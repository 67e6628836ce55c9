namespace Orleans.Runtime;

/// <summary>Who is in the cluster, as this silo knows it.</summary>
public interface IClusterMembershipService
{
    ClusterMembershipSnapshot CurrentSnapshot { get; }

    /// <summary>The current snapshot first, then each newer one; a slow reader sees the newest and may miss those between.</summary>
    IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates { get; }

    ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default);

    /// <summary>Declares a silo dead.</summary>
    /// <returns>False when the silo is unknown.</returns>
    Task<bool> TryKill(SiloAddress siloAddress);
}

/// <summary>This silo.</summary>
public interface ILocalSiloDetails
{
    string Name { get; }

    string ClusterId { get; }

    string DnsHostName { get; }

    SiloAddress SiloAddress { get; }

    SiloAddress GatewayAddress { get; }
}
