using System.Collections.Concurrent;
using System.Diagnostics;
using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Client;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Messaging;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>
/// The directory of a cluster of several processes: each active silo keeps the entries of its share of the grains in memory, and when
/// the set of silos changes every silo tells the new keepers what is active on it.
/// </summary>
internal sealed class PartitionedDirectory : IGrainDirectory
{
    private const string PartitionName = "directory";
    private const string HandoverName = "handover";

    // Known places save a question per call. After this time a place is asked for again, which ends detours over outdated ones.
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);
    private const int MaxRemembered = 100_000;

    // Longer than a dead keeper stays undiscovered with tight liveness options.
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan AskPause = TimeSpan.FromMilliseconds(100);

    private readonly DirectoryPartition _own;
    private readonly ConcurrentDictionary<GrainId, (GrainAddress Address, long At)> _remembered = new();
    private DirectoryView _view = new([]);
    private SiloNode? _silo;

    /// <param name="isDead">Whether a silo has been declared dead; true before <see cref="Show"/> tells of it.</param>
    public PartitionedDirectory(Func<SiloAddress, bool> isDead) => _own = new DirectoryPartition(isDead);

    /// <summary>Makes this silo's share callable.</summary>
    public void Attach(SiloNode silo)
    {
        _silo = silo;
        silo.Observers.AddRuntimePart(PartitionName, _own);
        silo.Observers.AddRuntimePart(HandoverName, _own);
    }

    /// <summary>From now on the entries are divided among these silos. Clients, which keep none, have no need of this.</summary>
    public void Show(SiloAddress[] active, SiloAddress? dead)
    {
        var view = new DirectoryView(active);
        if (_silo is null || (view.Id == _view.Id && dead is null))
        {
            return;
        }

        Volatile.Write(ref _view, view);
        foreach (KeyValuePair<GrainId, (GrainAddress Address, long At)> known in _remembered)
        {
            if (dead is null || known.Value.Address.SiloAddress!.Equals(dead))
            {
                _remembered.TryRemove(known);
            }
        }

        _own.Show(view, _silo.Address, dead);
        ILookup<SiloAddress?, GrainActivation> shares = _silo.Catalog.All().ToLookup(activation => view.OwnerOf(activation.GrainId));

        // Every silo of the view gets its share, be it empty: it waits for it.
        foreach (SiloAddress keeper in view.Silos)
        {
            _ = HandOverAsync(view, keeper, [.. shares[keeper]]);
        }
    }

    public async ValueTask<GrainAddress> RegisterAsync(GrainAddress address) =>
        Remember(await AskAsync(address.GrainId, keeper => keeper.RegisterAsync(address)).ConfigureAwait(false));

    public async ValueTask UnregisterAsync(GrainAddress address)
    {
        _remembered.TryRemove(address.GrainId, out _);
        try
        {
            await KeeperOf(address.GrainId).UnregisterAsync(address).ConfigureAwait(false);
        }
        catch (Exception unreachable) when (unreachable is OrleansException or TimeoutException)
        {
            // The entry dies with its keeper, or leads to a silo that no longer has the grain and sends the call on.
        }
    }

    public async ValueTask<GrainAddress?> LookupAsync(GrainId id)
    {
        GrainAddress? found = await AskAsync(id, keeper => keeper.LookupAsync(id)).ConfigureAwait(false);
        return found is null ? null : Remember(found);
    }

    public GrainAddress? Find(GrainId id)
    {
        if (_silo!.Address.Equals(_view.OwnerOf(id)))
        {
            return _own.Find(id);
        }

        return _remembered.TryGetValue(id, out (GrainAddress Address, long At) known) && Stopwatch.GetElapsedTime(known.At) < Lifetime
            ? known.Address
            : null;
    }

    /// <summary>Asks the keeper of the grain, and while it cannot be reached whoever takes its place.</summary>
    private async ValueTask<T> AskAsync<T>(GrainId id, Func<IDirectoryPartition, ValueTask<T>> question)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await question(KeeperOf(id)).ConfigureAwait(false);
            }
            catch (Exception unreachable) when (unreachable is OrleansException or TimeoutException)
            {
                if (Stopwatch.GetElapsedTime(started) > AskLimit || !_silo!.IsOpen)
                {
                    throw new OrleansMessageRejectionException($"The directory's entry of {id} cannot be reached.", unreachable);
                }
            }

            await Task.Delay(AskPause).ConfigureAwait(false);
        }
    }

    private IDirectoryPartition KeeperOf(GrainId id)
    {
        SiloAddress keeper = Volatile.Read(ref _view).OwnerOf(id) ?? _silo!.Address;
        return keeper.Equals(_silo!.Address) ? _own : Part<IDirectoryPartition>(keeper, PartitionName);
    }

    private T Part<T>(SiloAddress silo, string name)
        where T : class => (T)(object)_silo!.CreateReference(ObserverTable.RuntimePart(silo, name), typeof(T));

    private GrainAddress Remember(GrainAddress address)
    {
        if (_remembered.Count >= MaxRemembered)
        {
            _remembered.Clear();
        }

        _remembered[address.GrainId] = (address, Stopwatch.GetTimestamp());
        return address;
    }

    private async Task HandOverAsync(DirectoryView view, SiloAddress keeper, GrainActivation[] share)
    {
        GrainAddress[] addresses = [.. share.Select(activation => activation.Address)];
        IDirectoryHandover taker = keeper.Equals(_silo!.Address) ? _own : Part<IDirectoryHandover>(keeper, HandoverName);
        try
        {
            GrainAddress[] beaten = await taker.TakeAsync(view.Id, _silo.Address, addresses).ConfigureAwait(false);
            foreach (GrainActivation activation in share.Where(activation => beaten.Contains(activation.Address)))
            {
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.DuplicateActivation, "Another activation of the grain was registered first."));
            }
        }
        catch (Exception unreachable) when (unreachable is OrleansException or TimeoutException)
        {
            // A keeper that has died is followed by another view, which is handed over again.
        }
    }
}
