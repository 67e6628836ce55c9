using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Invocation;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Activation;

/// <summary>The activations of one silo, by grain.</summary>
internal sealed class Catalog(SiloNode silo)
{
    private readonly ConcurrentDictionary<GrainId, GrainActivation> _activations = new();

    public GrainActivation? Find(GrainId id) => _activations.GetValueOrDefault(id);

    /// <exception cref="ArgumentException">This silo has no class for the grain.</exception>
    public GrainActivation GetOrCreate(GrainId id)
    {
        if (_activations.TryGetValue(id, out GrainActivation? existing))
        {
            return existing;
        }

        if (!silo.GrainClasses.TryGetValue(id.Type, out Type? type))
        {
            throw new ArgumentException($"The silo {silo.Address} has no class for the grain {id}.");
        }

        var created = new GrainActivation(silo, GrainClass.Of(type), id);
        GrainActivation winner = _activations.GetOrAdd(id, created);
        if (ReferenceEquals(winner, created))
        {
            created.Start();
        }

        return winner;
    }

    public GrainActivation[] All() => [.. _activations.Values];

    public void Remove(GrainActivation activation) => _activations.TryRemove(new(activation.GrainId, activation));

    public void CollectIdle()
    {
        foreach (GrainActivation activation in _activations.Values)
        {
            activation.PostIdleCheck();
        }
    }

    /// <summary>Ends all activations as they should end; those that still come in meanwhile too.</summary>
    public async Task DeactivateAllAsync(CancellationToken cancellation)
    {
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is shutting down.");
        while (!_activations.IsEmpty && !cancellation.IsCancellationRequested)
        {
            GrainActivation[] open = [.. _activations.Values];
            foreach (GrainActivation activation in open)
            {
                activation.Deactivate(reason, cancellation);
            }

            await Task.WhenAll(open.Select(activation => activation.Deactivated)).WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    public void KillAll()
    {
        foreach (GrainActivation activation in _activations.Values)
        {
            activation.Kill();
        }

        _activations.Clear();
    }
}
