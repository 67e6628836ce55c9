using DeepSeekOrleans.Engine.Scheduling;

namespace DeepSeekOrleans.Engine.Stepping;

/// <content>What becomes of the open sequences when the runner breaks or hangs.</content>
internal sealed partial class EngineCore
{
    /// <summary>
    /// Takes the core out of its thread's hands after its runner has broken or hangs; any thread. A sequence that is known by now to
    /// break runners ends.
    /// </summary>
    /// <returns>False when somebody else has suspended it, or when the thread hangs in the middle of its bookkeeping.</returns>
    public bool TrySuspend()
    {
        if (!_bookkeeping.TryEnter())
        {
            return false;
        }

        try
        {
            if (_suspended)
            {
                return false;
            }

            _suspended = true;
            if (Breaker() is { } breaker)
            {
                Log.SequenceBrokeEngine(_logger, breaker.Request.Id, breaker.OutputCount, breaker.Breaks + 1);
                End(breaker, FinishReason.RepeatedFault);
            }

            Emit();
            return true;
        }
        finally
        {
            _bookkeeping.Exit();
        }
    }

    /// <summary>Goes on where a suspended core has stopped: those that ran come first, one after the other, then those that waited.</summary>
    public void Adopt(EngineCore broken)
    {
        lock (broken._bookkeeping)
        {
            _steps = broken._steps;
            _preemptions = broken._preemptions;
            _drafted = broken._drafted;
            _accepted = broken._accepted;
            IEnumerable<Sequence> running = broken.Sequences.Values.Where(sequence => sequence.Slot != Sequence.NoSlot);
            foreach (Sequence ran in running.OrderBy(sequence => sequence.Arrival))
            {
                Sequences.Add(ran.Request.Id, Waiting.EnqueueSuspect(ran.Continuation(), ran.Breaks + 1, triedAlone: true));
            }

            foreach (Sequence waited in broken.Waiting.All)
            {
                // one that was preempted has tokens of its own
                GenerationRequest request = waited.IsCleared ? waited.Continuation() : waited.Request;
                Sequences.Add(request.Id, waited.Breaks > 0
                    ? Waiting.EnqueueSuspect(request, waited.Breaks, triedAlone: true)
                    : Waiting.Enqueue(request));
            }

            broken.Sequences.Clear();
        }
    }

    /// <summary>
    /// Who broke the engine a second time: the sequence on trial or, without a trial, one that ran alone and had run in a break before.
    /// Nobody else is accused: a cleared sequence is innocent of what a newcomer beside it does.
    /// </summary>
    private Sequence? Breaker()
    {
        if (Waiting.OnTrial is { } onTrial)
        {
            return onTrial;
        }

        return Slots.Occupied == 1 && Slots.Last.Breaks > 0 ? Slots.Last : null;
    }
}
