using DeepSeekOrleans.Engine.Scheduling;

namespace DeepSeekOrleans.Engine.Stepping;

/// <summary>What holds between any two steps. Tests check it after each one; it costs a walk over all open sequences.</summary>
internal static class EngineInvariants
{
    /// <exception cref="InvalidOperationException">One does not hold.</exception>
    public static void Check(EngineCore core)
    {
        CheckSlots(core);
        CheckWaiting(core);
        CheckPlan(core);
        foreach (Sequence sequence in core.Sequences.Values)
        {
            CheckProgress(sequence, core.Shape.ContextLength);
        }
    }

    private static void CheckSlots(EngineCore core)
    {
        SlotTable slots = core.Slots;
        int owned = 0;
        int held = core.Prefixes.Held;
        for (int slot = 0; slot < slots.Slots; slot++)
        {
            if (slots[slot] is { } owner)
            {
                owned++;
                held += owner.KvLength;
                Ensure.That(owner.Slot == slot, "a sequence owns a slot that it does not name");
                Ensure.That(core.Sequences.GetValueOrDefault(owner.Request.Id) == owner, "an ended sequence owns a slot");
                Ensure.That(slot < slots.Extent, "a live slot lies outside the extent");
                Ensure.That(core.Prefixes[slot] is null, "a live slot has a resident");
            }
        }

        Ensure.That(held <= core.Capacity.Positions, "more positions are held than the capacity has");
        Ensure.That(owned == slots.Occupied, "slots are lost or counted twice");
        Ensure.That(slots.Extent == 0 || slots[slots.Extent - 1] is not null, "the extent ends with a free slot");
        Ensure.That(core.Running == owned, "the published number of running sequences is old");
    }

    private static void CheckWaiting(EngineCore core)
    {
        int waiting = 0;
        foreach (Sequence sequence in core.Waiting.All)
        {
            waiting++;
            Ensure.That(sequence.Slot == Sequence.NoSlot && sequence.KvLength == 0, "a waiting sequence has computed something");
            Ensure.That(core.Sequences.GetValueOrDefault(sequence.Request.Id) == sequence, "an ended sequence waits");
        }

        Ensure.That(waiting == core.Waiting.Count, "the queue is miscounted");
        Ensure.That(waiting + core.Slots.Occupied == core.Sequences.Count, "a sequence neither runs nor waits, or does both");
        Ensure.That(core.Waiting.Tenants <= core.Sequences.Count, "a tenant without open sequences is remembered");
        Ensure.That(core.Inbox.OpenCount >= core.Sequences.Count, "an open sequence is not counted as open");
        Ensure.That(core.Inbox.OpenCount <= core.Inbox.Limit, "more sequences are open than admitted");
    }

    private static void CheckPlan(EngineCore core)
    {
        StepPlan plan = core.LastPlan;
        Ensure.That(plan.PrefillLength <= plan.PrefillBudget, "a chunk is over its budget");
        Ensure.That(plan.RowCount <= core.Slots.Slots, "more rows than slots");
        Ensure.That(plan.Verified is null || plan.RowCount == 0, "a draft was verified beside other streams");
        Ensure.That(core.Sequences.Count == 0 || !plan.IsEmpty, "the step was idle while work waited");
    }

    private static void CheckProgress(Sequence sequence, int contextLength)
    {
        GenerationRequest request = sequence.Request;
        int tokens = request.PromptIds.Length + sequence.OutputCount;
        Ensure.That(sequence.KvLength < contextLength, "a sequence has no position left to write");
        Ensure.That(sequence.OutputCount < request.MaxTokens || sequence.Slot == Sequence.NoSlot, "a complete sequence goes on");
        Ensure.That(
            sequence.IsPrefilling ? tokens == sequence.InputLength : sequence.KvLength == tokens - 1,
            "the cached positions do not match the tokens");
        Ensure.That(sequence.Lane.Open > 0, "an open sequence's tenant is forgotten");
    }
}
