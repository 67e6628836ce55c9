using DeepSeekOrleans.Engine.Sampling;
using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Stopping;

namespace DeepSeekOrleans.Engine.Stepping;

/// <content>Who gets a slot, who gives way, and whose time is over: the step's first phase.</content>
internal sealed partial class EngineCore
{
    private void Admit()
    {
        TakeInbox();
        foreach (long id in _cancellations)
        {
            if (Sequences.TryGetValue(id, out Sequence? sequence))
            {
                End(sequence, FinishReason.Cancelled);
            }
        }

        EndLate();
        PreemptWhileExceeded();
        FillSlots();
        CloseHoles();
        Prefixes.ShrinkTo(Math.Max(0, Capacity.Positions - Capacity.Claimed - DraftReserve));
    }

    private void TakeInbox()
    {
        _arrivals.Clear();
        _cancellations.Clear();
        Inbox.Take(_arrivals, _cancellations);
        foreach (GenerationRequest request in _arrivals)
        {
            Sequences.Add(request.Id, request.Breaks > 0 ? Waiting.EnqueueSuspect(request, request.Breaks, triedAlone: false) : Waiting.Enqueue(request));
        }
    }

    private void EndLate()
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach (Sequence sequence in Sequences.Values)
        {
            if (sequence.Request.Deadline <= now)
            {
                // a dictionary may lose entries while it is walked through
                End(sequence, FinishReason.DeadlineExceeded);
            }
        }
    }

    /// <summary>The youngest give way until the next token of every other running sequence fits; what they computed stays as long as it can.</summary>
    private void PreemptWhileExceeded()
    {
        while (Capacity.IsExceeded)
        {
            Sequence youngest = Capacity.Youngest;
            Prefixes.Retire(youngest);
            youngest.Suspend();
            Waiting.Return(youngest);
            Volatile.Write(ref _preemptions, _preemptions + 1);
        }
    }

    /// <summary>Nobody overtakes the next in turn, also where a shorter one would still fit: long prompts must not starve.</summary>
    private void FillSlots()
    {
        while (Slots.HasFree && Waiting.Next is { } next && Capacity.HasRoomFor(next) && Waiting.TryDequeue(out Sequence sequence))
        {
            if (sequence.Preemptions > 0)
            {
                Prefixes.Take(sequence);
                continue;
            }

            GenerationRequest request = sequence.Request;
            sequence.Stops = new StopConditions(request, request.StopStrings.IsEmpty ? null : new StopText(_tokenizer, request.StopStrings));
            sequence.Adjustments = LogitAdjustments.For(request, Shape.Vocabulary);
            sequence.PrepareTokens();
            Prefixes.Take(sequence);
            if (sequence.Stops.Replay() is { } complete)
            {
                End(sequence, complete);
            }
        }
    }

    /// <summary>Waiting sequences have taken the holes that they could, which costs nothing; what is left costs a copy.</summary>
    private void CloseHoles()
    {
        while (Slots.HasHole)
        {
            Prefixes.CloseHole();
        }
    }
}
