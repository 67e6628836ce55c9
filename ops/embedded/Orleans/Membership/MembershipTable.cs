using System.Collections.Immutable;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Membership;

/// <summary>
/// The silos of one cluster in one process and what each of them can do. A change is complete, its observers told, before the
/// call that made it returns.
/// </summary>
internal sealed class MembershipTable
{
    // As many as the official runtime keeps by default.
    private const int MaxDeadMembers = 25;

    private readonly Lock _changeLock = new();
    private ClusterMembershipSnapshot _snapshot = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, new MembershipVersion(0));
    private TaskCompletionSource _next = NewSignal();

    /// <summary>Called for each change, in order, while no other change can happen.</summary>
    public event Action<ClusterMember>? Changed;

    public ClusterMembershipSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <returns>False when the silo is dead already: a dead silo never comes back under the same generation.</returns>
    public bool Set(SiloAddress silo, string name, SiloStatus status)
    {
        lock (_changeLock)
        {
            if (_snapshot.Members.TryGetValue(silo, out ClusterMember? before) && before.Status is SiloStatus.Dead)
            {
                return false;
            }

            var member = new ClusterMember(silo, status, name);
            ImmutableDictionary<SiloAddress, ClusterMember> members = WithoutOldest(_snapshot.Members.SetItem(silo, member));
            Volatile.Write(ref _snapshot, new ClusterMembershipSnapshot(members, new MembershipVersion(_snapshot.Version.Value + 1)));
            Interlocked.Exchange(ref _next, NewSignal()).SetResult();
            Changed?.Invoke(member);
            return true;
        }
    }

    /// <summary>Completes at the first change after the given version.</summary>
    public Task WaitAsync(MembershipVersion seen, CancellationToken cancellationToken)
    {
        // The signal first: a change between the two lines then completes it.
        Task next = Volatile.Read(ref _next).Task;
        return Snapshot.Version > seen ? Task.CompletedTask : next.WaitAsync(cancellationToken);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static ImmutableDictionary<SiloAddress, ClusterMember> WithoutOldest(ImmutableDictionary<SiloAddress, ClusterMember> members)
    {
        IEnumerable<SiloAddress> surplus = members.Values
            .Where(member => member.Status == SiloStatus.Dead)
            .OrderByDescending(member => member.SiloAddress.Generation)
            .Skip(MaxDeadMembers)
            .Select(member => member.SiloAddress);
        return members.RemoveRange(surplus);
    }
}
