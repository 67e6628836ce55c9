using DeepSeekOrleans.Embedded.Activation;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Lifecycle;
using DeepSeekOrleans.Embedded.Serialization;

namespace DeepSeekOrleans.Embedded.Streams;

/// <summary>The enumerations that are open on one activation. Runs on the activation's scheduler.</summary>
internal sealed class EnumeratorTable(GrainActivation activation) : IEnumeratorExtension, IAsyncDisposable
{
    private static readonly EnumerationBatch Missing = new(EnumerationState.Missing, null, null);

    private readonly Dictionary<Guid, OpenEnumerator> _open = [];
    private ITimer? _cleanup;

    public ValueTask<EnumerationBatch> StartAsync(EnumerationStart start)
    {
        MethodModel method = InterfaceModel.Of(TypeNames.ResolveInterface(start.Interface)).MethodById(start.Method);
        OpenEnumerator enumerator = method.Returns.OpenHere(activation.GrainInstance!, method, start, activation.Silo.Time);
        _open[start.Id] = enumerator;
        TimeSpan period = activation.Silo.Messaging.ResponseTimeout;
        _cleanup ??= activation.Silo.Time.CreateDetachedTimer(() => activation.Post(DropUnread), period, period);
        return MoveNextAsync(start.Id);
    }

    public async ValueTask<EnumerationBatch> MoveNextAsync(Guid id)
    {
        if (!_open.TryGetValue(id, out OpenEnumerator? enumerator))
        {
            return Missing;
        }

        EnumerationBatch batch = await enumerator.ReadAsync();
        if (batch.State is EnumerationState.Completed or EnumerationState.Failed)
        {
            await EndAsync(id);
        }

        return batch;
    }

    public async Task EndAsync(Guid id)
    {
        if (_open.Remove(id, out OpenEnumerator? enumerator))
        {
            await enumerator.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cleanup is not null)
        {
            await _cleanup.DisposeAsync();
        }

        foreach (Guid id in _open.Keys.ToArray())
        {
            await EndAsync(id);
        }
    }

    /// <summary>Drops what nobody has asked for since the last time: its reader is gone.</summary>
    private void DropUnread()
    {
        foreach ((Guid id, OpenEnumerator enumerator) in _open.ToArray())
        {
            if (!enumerator.WasReadSinceLastCheck())
            {
                _ = EndAsync(id);
            }
        }
    }
}
