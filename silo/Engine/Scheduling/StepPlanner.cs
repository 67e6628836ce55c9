namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>Decides what the next step computes. It reads the slots and writes nothing but the plan.</summary>
internal static class StepPlanner
{
    // Any token will do for a row whose result nobody wants; 0 exists in every vocabulary.
    private const int FillerToken = 0;

    // Bounded chunks keep streams even and cost a pass over the weights each. Where more than every fifth sequence still waits for its
    // first token, most of what anybody waits for is prompts, and a larger batch soon serves the streams better than an even one now.
    private const int StreamsPerPrompt = 4;

    /// <param name="onTrial">See <see cref="WaitingQueue.OnTrial"/>.</param>
    /// <param name="drafting">The only sequence that decodes, where its draft is to be verified.</param>
    public static void Fill(StepPlan plan, SlotTable slots, StepCosts costs, Sequence? onTrial, Sequence? drafting)
    {
        plan.Clear();
        if (onTrial is { IsTriedAlone: true })
        {
            FillTrial(plan, slots, costs, onTrial);
            return;
        }

        int rows = DecodeExtent(slots);
        bool streamsPrevail = StreamsPrevail(slots);
        if (NextToPrefill(slots) is { } next && !(streamsPrevail && costs.WantsRowsAlone))
        {
            plan.SetPrefill(next, streamsPrevail ? costs.ChunkBeside(rows) : costs.LongestChunk);
        }

        if (drafting is not null)
        {
            plan.SetVerified(drafting, drafting.Drafter!.Draft);
            return;
        }

        for (int slot = 0; slot < rows; slot++)
        {
            AddRow(plan, slots[slot]!);
        }
    }

    /// <summary>
    /// Nothing but the sequence on trial, until it is cleared: what breaks the engine meanwhile is its doing, whatever those would do that
    /// were cleared before.
    /// </summary>
    private static void FillTrial(StepPlan plan, SlotTable slots, StepCosts costs, Sequence onTrial)
    {
        if (onTrial.IsPrefilling)
        {
            plan.SetPrefill(onTrial, costs.LongestChunk);
            return;
        }

        for (int slot = 0; slot < onTrial.Slot; slot++)
        {
            plan.AddRow(null, FillerToken, slots[slot]!.KvLength);
        }

        AddRow(plan, onTrial);
    }

    /// <summary>
    /// Of the tenant whose last chunk is longest ago a sequence whose answer has begun, else the one with the highest priority, of these
    /// the oldest: a long prompt delays another tenant's by one chunk.
    /// </summary>
    private static Sequence? NextToPrefill(SlotTable slots)
    {
        Sequence? next = null;
        for (int slot = 0; slot < slots.Extent; slot++)
        {
            Sequence candidate = slots[slot]!;
            if (candidate.IsPrefilling && (next is null || IsBefore(candidate, next)))
            {
                next = candidate;
            }
        }

        return next;
    }

    private static bool IsBefore(Sequence a, Sequence b) =>
        a.Lane.LastPrefillStep != b.Lane.LastPrefillStep
            ? a.Lane.LastPrefillStep < b.Lane.LastPrefillStep
            : a.HasBegun != b.HasBegun
                ? a.HasBegun
                : a.Request.Priority != b.Request.Priority
                    ? a.Request.Priority > b.Request.Priority
                    : a.Arrival < b.Arrival;

    /// <summary>Whether running streams outnumber the prompts so far that a chunk is bounded by what it costs them.</summary>
    private static bool StreamsPrevail(SlotTable slots)
    {
        int prompts = 0;
        for (int slot = 0; slot < slots.Extent; slot++)
        {
            prompts += slots[slot]!.IsPrefilling ? 1 : 0;
        }

        return slots.Extent - prompts > StreamsPerPrompt * prompts;
    }

    /// <summary>One more than the highest slot that decodes: rows above it would be computed for nobody.</summary>
    private static int DecodeExtent(SlotTable slots)
    {
        int rows = slots.Extent;
        while (rows > 0 && slots[rows - 1]!.IsPrefilling)
        {
            rows--;
        }

        return rows;
    }

    private static void AddRow(StepPlan plan, Sequence owner)
    {
        if (!owner.IsPrefilling)
        {
            plan.AddRow(owner, owner.LastToken, owner.KvLength);
            return;
        }

        // The chunk of this step is written before the decode run, so the first unused position lies behind it.
        int unused = owner.KvLength + (owner == plan.Prefill ? plan.PrefillLength : 0);
        plan.AddRow(null, FillerToken, unused);
    }
}
