using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Membership;

internal sealed class ClusterMembershipService(ICluster cluster) : IClusterMembershipService
{
    public ClusterMembershipSnapshot CurrentSnapshot => cluster.Membership.Snapshot;

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => UpdatesAsync();

    public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) =>
        cluster.RefreshAsync(cancellationToken);

    public Task<bool> TryKill(SiloAddress siloAddress) => cluster.TryKillAsync(siloAddress);

    private async IAsyncEnumerable<ClusterMembershipSnapshot> UpdatesAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (true)
        {
            ClusterMembershipSnapshot snapshot = cluster.Membership.Snapshot;
            yield return snapshot;
            await cluster.Membership.WaitAsync(snapshot.Version, cancellation).ConfigureAwait(false);
        }
    }
}
