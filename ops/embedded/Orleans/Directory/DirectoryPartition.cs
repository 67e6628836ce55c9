using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Directory;

/// <summary>
/// The entries that this silo keeps. After a change of the set of silos it answers only when each of the others has told what is
/// active there, or has had time to: else a grain could be activated a second time.
/// </summary>
internal sealed class DirectoryPartition(Func<SiloAddress, bool> isDead) : IDirectoryPartition, IDirectoryHandover
{
    // Above what a silo needs to hear of a change and to tell its part; one that has died meanwhile must not hold up the others for long.
    private static readonly TimeSpan HandoverLimit = TimeSpan.FromMilliseconds(500);

    // News of a view may come before this silo has it, and views come and go: a handful is kept.
    private const int MaxViews = 16;

    private readonly AddressTable _entries = new(isDead);
    private readonly Lock _viewLock = new();
    private readonly Dictionary<uint, HashSet<SiloAddress>> _heard = [];
    private DirectoryView _view = new([]);
    private SiloAddress? _self;

    // A share that knows of no silo is complete.
    private TaskCompletionSource _complete = CompleteSignal();

    /// <summary>Takes the new set of silos. What belongs to others now, or was active on a silo that has died, is dropped.</summary>
    public void Show(DirectoryView view, SiloAddress self, SiloAddress? dead)
    {
        lock (_viewLock)
        {
            _view = view;
            _self = self;
            _complete.TrySetResult();
            _complete = NewSignal();
            _ = CompleteLaterAsync(_complete);
            SignalIfComplete();
            foreach (uint old in _heard.Keys.Where(id => id != view.Id).Take(Math.Max(0, _heard.Count - MaxViews)).ToArray())
            {
                _heard.Remove(old);
            }
        }

        _entries.RemoveWhere(entry => !self.Equals(view.OwnerOf(entry.GrainId) ?? self) || entry.SiloAddress!.Equals(dead));
    }

    public async ValueTask<GrainAddress> RegisterAsync(GrainAddress address)
    {
        await Complete().ConfigureAwait(false);
        return _entries.GetOrAdd(address);
    }

    public ValueTask UnregisterAsync(GrainAddress address)
    {
        _entries.Remove(address);
        return default;
    }

    public async ValueTask<GrainAddress?> LookupAsync(GrainId id)
    {
        await Complete().ConfigureAwait(false);
        return _entries.Find(id);
    }

    public GrainAddress? Find(GrainId id) => _entries.Find(id);

    public ValueTask<GrainAddress[]> TakeAsync(uint view, SiloAddress sender, GrainAddress[] active)
    {
        GrainAddress[] beaten = [.. active.Where(address => !_entries.GetOrAdd(address).Equals(address))];
        lock (_viewLock)
        {
            if (!_heard.TryGetValue(view, out HashSet<SiloAddress>? heard))
            {
                _heard[view] = heard = [];
            }

            heard.Add(sender);
            SignalIfComplete();
        }

        return new(beaten);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource CompleteSignal()
    {
        TaskCompletionSource signal = NewSignal();
        signal.SetResult();
        return signal;
    }

    private static async Task CompleteLaterAsync(TaskCompletionSource complete)
    {
        await Task.WhenAny(complete.Task, Task.Delay(HandoverLimit)).ConfigureAwait(false);
        complete.TrySetResult();
    }

    private Task Complete()
    {
        lock (_viewLock)
        {
            return _complete.Task;
        }
    }

    private void SignalIfComplete()
    {
        if (_view.Silos.All(silo => silo.Equals(_self) || (_heard.TryGetValue(_view.Id, out HashSet<SiloAddress>? heard) && heard.Contains(silo))))
        {
            _complete.TrySetResult();
        }
    }
}
