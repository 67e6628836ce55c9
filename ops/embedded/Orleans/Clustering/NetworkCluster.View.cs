using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Hosting;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Clustering;

/// <content>How the table becomes this process's view, and what follows from a change of it.</content>
internal sealed partial class NetworkCluster
{
    private Dictionary<SiloAddress, SiloRow?> Joining(TableSnapshot read, SiloRow row)
    {
        SiloAddress self = _self!.SiloAddress;
        Dictionary<SiloAddress, SiloRow?> changes = new() { [self] = row };

        // Whoever had this endpoint before is gone: its port is ours.
        foreach ((SiloAddress silo, SiloRow before) in read.Rows)
        {
            if (silo.Endpoint.Equals(self.Endpoint) && !silo.Equals(self) && before.Status != SiloStatus.Dead)
            {
                changes[silo] = before with { Status = SiloStatus.Dead };
            }
        }

        IEnumerable<SiloAddress> surplus = read.Rows
            .Where(entry => entry.Value.Status == SiloStatus.Dead)
            .OrderByDescending(entry => entry.Key.Generation)
            .Skip(_options.MaxDefunctSiloEntries ?? int.MaxValue)
            .Select(entry => entry.Key);
        foreach (SiloAddress silo in surplus)
        {
            changes[silo] = null;
        }

        return changes;
    }

    private Dictionary<SiloAddress, SiloRow?> WithStatus(TableSnapshot read, SiloAddress silo, SiloStatus status)
    {
        SiloRow? row = read.Rows.GetValueOrDefault(silo) ?? _rows.GetValueOrDefault(silo);
        return row is null || row.Status == SiloStatus.Dead ? [] : new() { [silo] = row with { Status = status, Suspicions = [] } };
    }

    private async Task ApplyAsync(TableSnapshot read)
    {
        foreach ((SiloAddress silo, SiloRow row) in read.Rows.OrderBy(entry => entry.Key))
        {
            _rows[silo] = row;
            if (Membership.Snapshot.GetSiloStatus(silo) != row.Status)
            {
                Membership.Set(silo, row.Name, row.Status);
            }
        }

        if (_self is { SiloAddress: { } self })
        {
            await CheckSelfAsync(self, read).ConfigureAwait(false);
            _monitor.Watch(_node!, [.. Others(self)]);
        }
        else
        {
            await ConnectToGatewaysAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A silo that the others have declared dead ends; one whose row is lost, because the table was emptied, writes it again.</summary>
    private async Task CheckSelfAsync(SiloAddress self, TableSnapshot read)
    {
        SiloRow? row = read.Rows.GetValueOrDefault(self);
        if (row is { Status: SiloStatus.Dead } && !_isLeaving)
        {
            Log.DeclaredDead(_logger, self);
            await AbandonAsync(_self!).ConfigureAwait(false);
            ((SiloNode)_node!).Kill();
            _lifetime.StopApplication();
        }
        else if (row is null && !_isLeaving && _rows.TryGetValue(self, out SiloRow? lost))
        {
            await _table.ChangeAsync(again => again.Rows.ContainsKey(self) ? [] : new() { [self] = lost }).ConfigureAwait(false);
        }
    }

    private IEnumerable<SiloAddress> Others(SiloAddress self) => Membership.Snapshot.Members.Values
        .Where(member => member.Status is not (SiloStatus.Dead or SiloStatus.None or SiloStatus.Created) && !member.SiloAddress.Equals(self))
        .Select(member => member.SiloAddress);

    private Task<bool[]> ConnectToGatewaysAsync() => Task.WhenAll(
        Active().Where(silo => _rows[silo].GatewayPort != 0).Select(silo => _transport.ConnectAsync(silo, _rows[silo].GatewayPort)));

    private void OnMemberChanged(ClusterMember member)
    {
        Log.MemberChanged(_logger, member.SiloAddress, member.Status);
        if (member.Status == SiloStatus.Dead && !member.SiloAddress.Equals(_self?.SiloAddress))
        {
            // The directory before the callers: a call that is repeated at once must not be sent to the dead silo again.
            _transport.Close(member.SiloAddress);
            _directory.Show([.. Active()], member.SiloAddress);
            _node?.OnSiloDied(member.SiloAddress);
        }
        else
        {
            _directory.Show([.. Active()], null);
        }
    }

    private void OnMet(SiloAddress peer) => (_node as ClientNode)?.Gateways.Opened();

    /// <summary>A client's calls to a gateway that is gone end at once; a silo asks its peers before it believes one dead.</summary>
    private void OnLost(SiloAddress peer)
    {
        if (_self is not null)
        {
            _monitor.LookAt(peer);
        }
        else if (!_stopping.IsCancellationRequested)
        {
            _node?.OnSiloDied(peer);
            (_node as ClientNode)?.Gateways.Closed();
            WakeUp();
        }
    }
}
