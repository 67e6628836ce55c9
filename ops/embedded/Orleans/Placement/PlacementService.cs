using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Membership;
using DeepSeekOrleans.Embedded.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace DeepSeekOrleans.Embedded.Placement;

/// <summary>Finds the silos of grains: where they are active, or else where they shall be. Calls for a grain wait, in their order, until its silo is found.</summary>
internal sealed class PlacementService(SiloNode silo, ICluster cluster) : IPlacementContext
{
    private readonly ConcurrentDictionary<GrainId, List<Message>> _waiting = new();

    // Every call asks whether its grain waits for a place, and the dictionary's own count takes locks.
    private int _waitingGrains;

    public SiloAddress LocalSilo => silo.Address;

    public SiloStatus LocalSiloStatus => cluster.Membership.Snapshot.GetSiloStatus(silo.Address);

    public SiloAddress[] GetCompatibleSilos(PlacementTarget target)
    {
        SiloAddress[] silos = cluster.SilosFor(target.GrainIdentity.Type);
        return silos.Length > 0
            ? silos
            : throw new OrleansException($"No active nodes are compatible with grain {target.GrainIdentity} and interface {target.InterfaceType}.");
    }

    /// <summary>Queues the message behind others of the same grain that wait for its silo.</summary>
    public bool TryJoin(Message message)
    {
        if (Volatile.Read(ref _waitingGrains) == 0 || !_waiting.TryGetValue(message.Target, out List<Message>? waiting))
        {
            return false;
        }

        lock (waiting)
        {
            // An empty list is one whose messages are on their way.
            if (waiting.Count == 0)
            {
                return false;
            }

            message.Detach();
            waiting.Add(message);
            return true;
        }
    }

    public void Begin(Message message)
    {
        message.Detach();
        while (true)
        {
            if (_waiting.TryAdd(message.Target, [message]))
            {
                Interlocked.Increment(ref _waitingGrains);
                // Not on the caller's thread: a director is free to take its time.
                _ = Task.Run(() => PlaceAsync(message.Target));
                return;
            }

            if (TryJoin(message))
            {
                return;
            }
        }
    }

    private async Task PlaceAsync(GrainId grain)
    {
        SiloAddress? holder = null;
        SiloAddress? choice = null;
        Exception? failure = null;
        try
        {
            GrainAddress? known = await silo.Directory.LookupAsync(grain).ConfigureAwait(false);
            holder = known?.SiloAddress;
            if (holder is null || holder.Equals(silo.Address))
            {
                await ForgetIfEndedAsync(known).ConfigureAwait(false);
                choice = await ChooseAsync(grain).ConfigureAwait(false);
            }
        }
        catch (Exception refused)
        {
            failure = refused;
        }

        List<Message> waiting = _waiting[grain];
        lock (waiting)
        {
            foreach (Message message in waiting)
            {
                Send(message, holder, choice, failure);
            }

            // Only now may others send by the directory's word: else they would overtake.
            waiting.Clear();
            _waiting.TryRemove(grain, out _);
            Interlocked.Decrement(ref _waitingGrains);
        }
    }

    /// <summary>
    /// An entry of this silo whose activation is not here: it was handed over to a new keeper when the activation had just ended, and
    /// would win against every activation from now on.
    /// </summary>
    private async ValueTask ForgetIfEndedAsync(GrainAddress? known)
    {
        if (known is not null && silo.Catalog.Find(known.GrainId)?.Address.Equals(known) != true)
        {
            await silo.Directory.UnregisterAsync(known).ConfigureAwait(false);
        }
    }

    private void Send(Message message, SiloAddress? holder, SiloAddress? choice, Exception? failure)
    {
        if (failure is not null)
        {
            silo.Replies.Fail(message, failure);
        }
        else if (choice is null)
        {
            silo.SendRemote(message, holder!);
        }
        else if (message.Kind != MessageKind.Cancel)
        {
            silo.SendPlaced(message, choice);
        }
    }

    private async Task<SiloAddress> ChooseAsync(GrainId grain)
    {
        Message? call = FirstCall(_waiting[grain]);
        if (call is null)
        {
            // Only withdrawals wait, and what they withdraw has ended with its activation: a call that comes meanwhile is placed anew.
            return silo.Address;
        }

        PlacementStrategy strategy = StrategyOf(grain);
        IPlacementDirector director = silo.Services.GetKeyedService<IPlacementDirector>(strategy.GetType())
            ?? throw new OrleansException($"No placement director is registered for {strategy.GetType()}.");
        var target = new PlacementTarget(grain, call.Context ?? [], call.Method!.Interface.InterfaceType, 0);
        return await director.OnAddActivation(strategy, target, this).ConfigureAwait(false);
    }

    private static Message? FirstCall(List<Message> waiting)
    {
        lock (waiting)
        {
            return waiting.Find(message => message.Kind != MessageKind.Cancel);
        }
    }

    private PlacementStrategy StrategyOf(GrainId id) =>
        silo.GrainClasses.TryGetValue(id.Type, out Type? type) ? GrainClass.Of(type).Placement : new RandomPlacement();
}
