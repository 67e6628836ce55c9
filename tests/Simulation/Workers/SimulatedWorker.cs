using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Simulation.Workload;

namespace DeepSeekOrleans.Simulation.Workers;

/// <summary>
/// One engine in virtual time: sequences get slots and what is held of their prompts as long as there is room, and each step computes a
/// chunk of one prompt, first come first served, then a token of every sequence that decodes. Steps of the same cost are taken
/// together: a stretch ends with its prompt, with its next ending sequence, or when costs have moved.
/// </summary>
internal sealed class SimulatedWorker(WorkerKey key, WorkerCosts costs, int blockTokens)
{
    // costs are looked at again after so many prompt tokens or steps; a context of that size changes them by a few per cent
    private const int StretchTokens = 2_048;
    private const int StretchSteps = 64;

    // as in the engine's step planner: chunks are bounded only while streams outnumber prompts so far
    private const int StreamsPerPrompt = 4;

    // as in the engine's measured costs
    private const double CostWeight = 0.25;

    private readonly Queue<SimulatedSequence> _waiting = new();
    private readonly Queue<SimulatedSequence> _prompts = new();
    private readonly PriorityQueue<SimulatedSequence, double> _decoding = new();
    private readonly KvSlots _slots = new(costs.Slots, costs.KvTokens, blockTokens);
    private SimulatedSequence? _prefilling;
    private double _prefillLeft;
    private double _decoded;
    private double _positions;
    private double _now;
    private double _stretchEnd = double.PositiveInfinity;
    private double _stepSeconds = 1;
    private double _chunk;
    private double _tokenCost = costs.PrefillToken;
    private long _waitingTokens;
    private long _promptTokens;
    private double _sequenceSeconds;
    private long _reports;
    private long _changes;

    public WorkerKey Key => key;

    /// <summary>When the worker has to be looked at again; infinite while it has nothing to do.</summary>
    public double NextChange => _stretchEnd;

    /// <summary>Changes with <see cref="NextChange"/>, so that a planned look can be told from an outdated one.</summary>
    public long Version { get; private set; }

    /// <summary>Its sequences, summed over time.</summary>
    public double SequenceSeconds => _sequenceSeconds;

    public int Sequences => _waiting.Count + _prompts.Count + _decoding.Count + (_prefilling is null ? 0 : 1);

    /// <summary>Takes a request or refuses it.</summary>
    public bool Submit(SimulatedSequence sequence, double now)
    {
        Advance(now);
        if (Sequences >= costs.Slots + costs.MaxWaiting)
        {
            return false;
        }

        _waiting.Enqueue(sequence);
        _waitingTokens += sequence.Request.PromptTokens;
        Plan();
        return true;
    }

    /// <summary>Lets time pass up to <paramref name="now"/>, which is no later than <see cref="NextChange"/>.</summary>
    public void Advance(double now)
    {
        double steps = (now - _now) / _stepSeconds;
        _sequenceSeconds += Sequences * (now - _now);
        _now = now;
        if (_prefilling is not null)
        {
            Measure(_prefilling, steps);
            _prefillLeft -= steps * _chunk;
        }

        if (_decoding.Count > 0)
        {
            _decoded += steps;
            _positions += steps * _decoding.Count;
        }
    }

    /// <summary>What has ended by <see cref="NextChange"/>, where the worker now stands.</summary>
    public void Settle(List<SimulatedSequence> ended)
    {
        if (_prefilling is { } first && _prefillLeft < 0.5)
        {
            first.FirstTokenAt = _now;
            _slots.Computed(first.Slot, first.Request.Blocks);
            _prefilling = null;
            _positions += first.Request.PromptTokens;
            _decoding.Enqueue(first, _decoded + first.Request.OutputTokens - 1);
        }

        while (_decoding.TryPeek(out SimulatedSequence? last, out double end) && end - _decoded < 0.5)
        {
            _decoding.Dequeue();
            _positions -= last.Request.PromptTokens + last.Request.OutputTokens - 1;
            _slots.Release(last.Slot, last.Tokens);
            ended.Add(last);
        }

        if (_decoding.Count == 0)
        {
            _positions = 0;
        }

        Plan();
    }

    public WorkerStatus Report() => new()
    {
        Worker = key,
        State = WorkerState.Ready,
        Number = ++_reports,
        Running = Sequences - _waiting.Count,
        Waiting = _waiting.Count,
        Slots = costs.Slots,
        QueueLimit = costs.MaxWaiting,
        ContextLength = costs.KvTokens,
        ModelVersion = "simulated",
        QueuedTokens = _waitingTokens + _promptTokens + (long)Math.Max(_prefillLeft, 0),
        PrefillCost = _tokenCost,
        DecodeCost = costs.DecodeRow,
    };

    /// <summary>Null when nothing has changed since the last one.</summary>
    public PrefixReport? ReportPrefixes()
    {
        SlotPrefix[] slots = [.. _slots.TakeChanges().Select(change => new SlotPrefix(change.Slot, change.Blocks))];
        return slots.Length == 0
            ? null
            : new PrefixReport { Worker = key, Epoch = 1, Since = _changes, UpTo = ++_changes, BlockTokens = blockTokens, Slots = slots };
    }

    /// <summary>As the engine does, also while another prompt is computed: what that has computed so far can be used.</summary>
    private void FillSlots()
    {
        while (_waiting.TryPeek(out SimulatedSequence? next) && _slots.HasRoomFor(next.Tokens))
        {
            if (_prefilling is { } first)
            {
                int computed = (int)(first.Request.PromptTokens - _prefillLeft) / blockTokens;
                _slots.Computed(first.Slot, first.Request.Blocks[..Math.Min(computed, first.Request.Blocks.Length)]);
            }

            _waiting.Dequeue();
            _waitingTokens -= next.Request.PromptTokens;
            (next.Slot, int held) = _slots.Take(next.Request.Blocks, next.Tokens);
            next.CachedTokens = Math.Min(held * blockTokens, next.Request.PromptTokens - 1);
            _promptTokens += next.Request.PromptTokens - next.CachedTokens;
            _prompts.Enqueue(next);
        }
    }

    /// <summary>Longest chunks alone count, a quarter each and no more than twice what was known; a long context makes them dear.</summary>
    private void Measure(SimulatedSequence prompt, double steps)
    {
        if (_chunk > costs.PrefillChunk - 1)
        {
            double token = costs.PrefillTokenAt(prompt.Request.PromptTokens - _prefillLeft);
            _tokenCost += (1 - Math.Pow(1 - CostWeight, steps)) * (Math.Min(token, 2 * _tokenCost) - _tokenCost);
        }
    }

    private void Plan()
    {
        FillSlots();
        if (_prefilling is null && _prompts.TryDequeue(out _prefilling))
        {
            _prefillLeft = _prefilling.Request.PromptTokens - _prefilling.CachedTokens;
            _promptTokens -= (long)_prefillLeft;
        }

        double steps = StretchSteps;
        double decode = costs.DecodeRun(_decoding.Count, _positions);
        double chunkSeconds = 0;
        if (_prefilling is { } prefilling)
        {
            double token = costs.PrefillTokenAt(prefilling.Request.PromptTokens - _prefillLeft);
            bool streamsPrevail = _decoding.Count > StreamsPerPrompt * (_prompts.Count + 1);
            double share = streamsPrevail ? costs.PrefillShare * decode / token : costs.PrefillChunk;
            _chunk = Math.Min(Math.Clamp(share, costs.ShortestPrefillChunk, costs.PrefillChunk), Math.Max(_prefillLeft, 1));
            chunkSeconds = Math.Max(_chunk * token, costs.WeightPass);
            steps = Math.Min(Math.Ceiling(_prefillLeft / _chunk), Math.Max(StretchTokens / _chunk, 1));
            _chunk = steps * _chunk > _prefillLeft ? _prefillLeft / steps : _chunk;
        }

        if (_decoding.TryPeek(out _, out double end))
        {
            steps = Math.Min(steps, Math.Max(end - _decoded, 0));
        }

        _stepSeconds = decode + chunkSeconds;
        _stretchEnd = _stepSeconds == 0 ? double.PositiveInfinity : _now + (steps * _stepSeconds);
        _stepSeconds = _stepSeconds == 0 ? 1 : _stepSeconds;
        Version++;
    }
}
