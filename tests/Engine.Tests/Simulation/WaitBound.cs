using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Stepping;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Simulation;

/// <summary>
/// Nobody is passed over: while a sequence waits behind q others of its tenant, at most (q + 1) sequences of each tenant get a slot;
/// whoever of its tenant comes later may go before it by its priority.
/// </summary>
internal sealed class WaitBound(EngineCore core, StepRecorder recorder, int tenants)
{
    private readonly Dictionary<long, (string Tenant, int Bound)> _waiting = [];
    private readonly Dictionary<long, int> _preemptions = [];

    public void Arrived(GenerationRequest request)
    {
        foreach ((long id, (string tenant, int bound)) in _waiting.Where(entry => entry.Value.Tenant == request.Tenant))
        {
            // it may go first, by its priority
            _waiting[id] = (tenant, bound + tenants);
        }

        int before = _waiting.Values.Count(other => other.Tenant == request.Tenant);

        // Slots are granted inside a step, so those granted beside its own in the same step cannot be told from those before it.
        _waiting.Add(request.Id, (request.Tenant, ((before + 1) * tenants) + core.Slots.Slots));
    }

    /// <summary>One that lost its slot stands before all others of its tenant.</summary>
    private void Returned(GenerationRequest request)
    {
        foreach ((long id, (string tenant, int bound)) in _waiting.Where(entry => entry.Value.Tenant == request.Tenant))
        {
            _waiting[id] = (tenant, bound + tenants);
        }

        _waiting[request.Id] = (request.Tenant, tenants + core.Slots.Slots);
    }

    /// <summary>After a step: counts the slots that were granted in it.</summary>
    public void Check()
    {
        int granted = 0;
        foreach (long id in _waiting.Keys)
        {
            if (core.Sequences.TryGetValue(id, out Sequence? open) && open.Slot == Sequence.NoSlot)
            {
                continue;
            }

            _waiting.Remove(id);
            granted += open is null && recorder[id].Finish is FinishReason.Cancelled or FinishReason.DeadlineExceeded ? 0 : 1;
        }

        foreach (Sequence sequence in core.Waiting.All)
        {
            if (sequence.Preemptions > _preemptions.GetValueOrDefault(sequence.Request.Id))
            {
                _preemptions[sequence.Request.Id] = sequence.Preemptions;
                Returned(sequence.Request);
            }
        }

        foreach ((long id, (string tenant, int bound)) in _waiting)
        {
            Ensure.That(bound > granted, $"sequence {id} of {tenant} was passed over");
            _waiting[id] = (tenant, bound - granted);
        }
    }
}
