using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>One silo in one snapshot.</summary>
[GenerateSerializer, Immutable]
public sealed class ClusterMember(SiloAddress siloAddress, SiloStatus status, string name) : IEquatable<ClusterMember>
{
    [Id(0)] public SiloAddress SiloAddress { get; } = siloAddress;

    [Id(1)] public SiloStatus Status { get; } = status;

    [Id(2)] public string Name { get; } = name;

    public bool Equals(ClusterMember? other) =>
        other is not null && SiloAddress.Equals(other.SiloAddress) && Status == other.Status && Name == other.Name;

    public override bool Equals(object? obj) => Equals(obj as ClusterMember);

    public override int GetHashCode() => SiloAddress.GetHashCode();

    public override string ToString() => $"{SiloAddress}/{Name}/{Status}";
}

/// <summary>All known silos at one version, the dead ones included.</summary>
[GenerateSerializer, Immutable]
public sealed class ClusterMembershipSnapshot(ImmutableDictionary<SiloAddress, ClusterMember> members, MembershipVersion version)
{
    [Id(0)] public ImmutableDictionary<SiloAddress, ClusterMember> Members { get; } = members;

    [Id(1)] public MembershipVersion Version { get; } = version;

    /// <summary>A silo that is not listed but has a newer run is dead; otherwise its status is none.</summary>
    public SiloStatus GetSiloStatus(SiloAddress silo)
    {
        if (Members.TryGetValue(silo, out ClusterMember? member))
        {
            return member.Status;
        }

        bool succeeded = Members.Keys.Any(other => other.Endpoint.Equals(silo.Endpoint) && other.Generation > silo.Generation);
        return succeeded ? SiloStatus.Dead : SiloStatus.None;
    }

    public ClusterMembershipUpdate AsUpdate() => new(this, [.. Members.Values]);

    /// <exception cref="ArgumentException"><paramref name="previous"/> is newer than this snapshot.</exception>
    public ClusterMembershipUpdate CreateUpdate(ClusterMembershipSnapshot previous)
    {
        ArgumentNullException.ThrowIfNull(previous);
        if (previous.Version > Version)
        {
            throw new ArgumentException("the previous snapshot is newer than this one", nameof(previous));
        }

        IEnumerable<ClusterMember> changed = Members.Values.Where(member =>
            !previous.Members.TryGetValue(member.SiloAddress, out ClusterMember? before) || before.Status != member.Status);
        IEnumerable<ClusterMember> vanished = previous.Members.Values
            .Where(member => !Members.ContainsKey(member.SiloAddress) && member.Status != SiloStatus.Dead)
            .Select(member => new ClusterMember(member.SiloAddress, SiloStatus.Dead, member.Name));
        return new ClusterMembershipUpdate(this, [.. changed, .. vanished]);
    }

    public override string ToString() => $"[Version: {Version}, {Members.Count} silos: {string.Join(", ", Members.Values)}]";
}

/// <summary>What differs between two snapshots.</summary>
[GenerateSerializer, Immutable]
public sealed class ClusterMembershipUpdate(ClusterMembershipSnapshot snapshot, ImmutableArray<ClusterMember> changes)
{
    [Id(0)] public ImmutableArray<ClusterMember> Changes { get; } = changes;

    [Id(1)] public ClusterMembershipSnapshot Snapshot { get; } = snapshot;

    public bool HasChanges => !Changes.IsDefaultOrEmpty;
}
