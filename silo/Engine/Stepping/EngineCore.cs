using System.Runtime.InteropServices;
using DeepSeekOrleans.Engine.Kv;
using DeepSeekOrleans.Engine.Running;
using DeepSeekOrleans.Engine.Sampling;
using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Stopping;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Engine.Stepping;

/// <summary>
/// The engine without its thread: one call of <see cref="Step"/> admits, drafts, plans, runs, samples, commits and emits. Everything but
/// the inbox belongs to the caller of <see cref="Step"/>.
/// </summary>
internal sealed partial class EngineCore
{
    private readonly IModelRunner _runner;
    private readonly IStepObserver _observer;
    private readonly Tokenizer _tokenizer;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly StepCosts _costs;
    private readonly ForwardPass _forward;
    private readonly Sampler _sampler;
    private readonly List<GenerationRequest> _arrivals = [];
    private readonly List<long> _cancellations = [];
    private readonly List<SampledToken> _sampled = [];
    private readonly List<EmittedToken> _emissions = [];

    // Held for a step's bookkeeping, and not while the model runs: a core whose thread hangs in the model can be suspended.
    private readonly Lock _bookkeeping = new();
    private volatile bool _suspended;
    private long _steps;
    private long _preemptions;
    private int _running;
    private long _queuedTokens;
    private double _prefillCost;
    private double _decodeCost;

    public EngineCore(
        IModelRunner runner,
        Tokenizer tokenizer,
        IStepObserver observer,
        EngineOptions options,
        TimeProvider time,
        ILogger logger)
    {
        ModelShape shape = runner.Shape;
        _costs = new StepCosts(shape.Slots, options.ShortestPrefillChunk, Math.Min(options.PrefillChunk, shape.MaxPrefillChunk), options.PrefillShare);
        runner = new MeasuredRunner(runner, _costs, _verificationCosts, time);
        _runner = runner;
        WarmUp = new WarmUp(runner, _costs.ShortestChunk, _costs.LongestChunk);
        _speculates = Speculates(options, shape);
        if (_speculates)
        {
            WarmUp.AddVerifications();
        }

        if (shape.JoinsRuns)
        {
            WarmUp.AddJoined();
        }

        _observer = observer;
        _tokenizer = tokenizer;
        _time = time;
        _logger = logger;
        _forward = new ForwardPass(runner, options.FaultLimit, logger);
        _sampler = new Sampler(shape.Vocabulary);
        Inbox = new Inbox(shape.Slots + options.MaxWaiting);
        Slots = new SlotTable(shape.Slots);
        Catalog = new PrefixCatalog(shape.Slots, shape.ContextLength, options.PrefixBlock);
        Prefixes = new PrefixReuse(Slots, runner, Catalog, options.ResidentShare);
        long positions = (long)shape.Slots * shape.ContextLength;
        Capacity = new KvCapacity(Slots, (int)Math.Min(options.KvTokens == 0 ? int.MaxValue : options.KvTokens, positions));
        LastPlan = new StepPlan(shape.Slots, _costs.LongestChunk);
    }

    /// <summary>To be run to its end before the first step.</summary>
    public WarmUp WarmUp { get; }

    /// <summary>One's own, unless this core goes on where another has broken.</summary>
    public Inbox Inbox { get; init; }

    public WaitingQueue Waiting { get; } = new();

    public SlotTable Slots { get; }

    public PrefixReuse Prefixes { get; }

    public PrefixCatalog Catalog { get; }

    public KvCapacity Capacity { get; }

    /// <summary>Prompt and output tokens that one sequence can have.</summary>
    public int LongestSequence => Math.Min(Shape.ContextLength, Capacity.Positions);

    /// <summary>How often a running sequence went back to the queue; readable from any thread.</summary>
    public long Preemptions => Volatile.Read(ref _preemptions);

    /// <summary>What the step under way computes, or the last one did.</summary>
    public StepPlan LastPlan { get; }

    /// <summary>Every sequence that has been taken from the inbox and has not ended.</summary>
    public Dictionary<long, Sequence> Sequences { get; } = [];

    public ModelShape Shape => _runner.Shape;

    /// <summary>Steps that computed something; readable from any thread.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Sequences with a slot; readable from any thread.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Tokens that are still to be prefilled; readable from any thread.</summary>
    public long QueuedTokens => Volatile.Read(ref _queuedTokens);

    /// <summary>Of one token of a prompt; readable from any thread.</summary>
    public TimeSpan PrefillCost => CostOf(Volatile.Read(ref _prefillCost));

    /// <summary>Of one more row in a decode run; readable from any thread.</summary>
    public TimeSpan DecodeCost => CostOf(Volatile.Read(ref _decodeCost));

    /// <summary>From here on the thread that steps this core, should it come back, changes and emits nothing any more.</summary>
    public bool IsSuspended => _suspended;

    /// <summary>Does one step of the work that there is.</summary>
    /// <returns>False when nothing is left to do until something comes into the inbox, or the core is suspended.</returns>
    public bool Step()
    {
        lock (_bookkeeping)
        {
            if (_suspended)
            {
                return false;
            }

            Admit();
            Draft();
            Plan();
        }

        Run();
        lock (_bookkeeping)
        {
            if (_suspended)
            {
                return false;
            }

            Sample();
            Commit();
            Emit();
            return Sequences.Count > 0;
        }
    }

    /// <summary>Tells every open sequence why it ends; nothing is admitted from here on.</summary>
    public void EndAll(FinishReason finish)
    {
        lock (_bookkeeping)
        {
            Inbox.Close();
            TakeInbox();
            foreach (Sequence sequence in Sequences.Values.ToArray())
            {
                End(sequence, finish);
            }

            Emit();
        }
    }

    private void Plan()
    {
        _costs.JoinsRuns = _forward.JoinsRuns;
        StepPlanner.Fill(LastPlan, Slots, _costs, Waiting.OnTrial, _drafting);
    }

    private void Run() => _forward.Run(LastPlan);

    private void Sample()
    {
        _sampled.Clear();
        if (LastPlan.Prefill is { } prefilled && (LastPlan.PrefillCompletes || _forward.PrefillFailed))
        {
            _sampled.Add(SampleRow(prefilled, _forward.PrefillFailed, _forward.PrefillBest, _forward.PrefillLogits, prefilled.OutputCount));
        }

        SampleVerified();
        for (int row = 0; row < LastPlan.RowCount; row++)
        {
            if (LastPlan.Rows[row] is { } sequence)
            {
                _sampled.Add(SampleRow(sequence, _forward.RowFailed(row), _forward.RowBest(row), _forward.RowLogits(row), sequence.OutputCount));
            }
        }
    }

    private void Commit()
    {
        if (LastPlan.Prefill is { } prefilled)
        {
            prefilled.KvLength += LastPlan.PrefillLength;
            prefilled.Lane.LastPrefillStep = _steps;
            if (LastPlan.PrefillCompletes)
            {
                Prefixes.Note(prefilled);
            }
        }

        CommitVerified();
        foreach (Sequence? sequence in LastPlan.Rows)
        {
            if (sequence is not null)
            {
                sequence.KvLength++;
            }
        }

        foreach (SampledToken sampled in _sampled)
        {
            Apply(sampled);
        }

        if (!LastPlan.IsEmpty)
        {
            Volatile.Write(ref _steps, _steps + 1);
        }
    }

    /// <summary>Hands over what the step has produced; a step that produced nothing is not told.</summary>
    private void Emit()
    {
        Publish();
        if (_emissions.Count == 0)
        {
            return;
        }

        try
        {
            _observer.OnStep(CollectionsMarshal.AsSpan(_emissions));
        }
        finally
        {
            // Also after a failing observer: what it has been told is never told again.
            _emissions.Clear();
        }
    }

    /// <summary>What others may read while the next step runs.</summary>
    private void Publish()
    {
        Volatile.Write(ref _running, Slots.Occupied);
        long queued = 0;
        foreach (Sequence sequence in Sequences.Values)
        {
            queued += Math.Max(sequence.InputLength - sequence.KvLength, 0);
        }

        Volatile.Write(ref _queuedTokens, queued);
        Volatile.Write(ref _prefillCost, _costs.TokenCost);
        Volatile.Write(ref _decodeCost, _costs.MoreRowCost);
    }

    private TimeSpan CostOf(double ticks) => TimeSpan.FromSeconds(ticks / _time.TimestampFrequency);

    /// <summary>Decides one token; stop state and penalties know it then, because the next one of the same step may need them.</summary>
    private SampledToken SampleRow(Sequence sequence, bool failed, int best, Span<float> logits, int index)
    {
        int token = failed ? Sampler.NoToken
            : best != IModelRunner.SeeLogits ? best
            : _sampler.Sample(logits, sequence.Request.Sampling, sequence.Adjustments, index);
        if (token == Sampler.NoToken)
        {
            return new SampledToken(sequence, token, FinishReason.ModelFault);
        }

        sequence.Adjustments?.Record(token);
        return new SampledToken(sequence, token, sequence.Stops!.Judge(token, index));
    }

    private void Apply(SampledToken sampled)
    {
        Sequence sequence = sampled.Sequence;
        if (sampled.Token == Sampler.NoToken)
        {
            Log.SequenceFaulted(_logger, sequence.Request.Id, sequence.OutputCount, _forward.Failure);
            // what made the model fail is not handed on to another sequence
            sequence.KvLength = 0;
            End(sequence, FinishReason.ModelFault);
            return;
        }

        int cached = sequence.OutputCount == sequence.Request.EmittedIds.Length ? sequence.CachedTokens : 0;
        _emissions.Add(new EmittedToken(sequence.Request.Id, sequence.OutputCount, sampled.Token, sampled.Finish, cached));
        sequence.Append(sampled.Token);
        if (sampled.Finish is not null)
        {
            Remove(sequence);
        }
    }

    private void End(Sequence sequence, FinishReason finish)
    {
        Remove(sequence);
        _emissions.Add(new EmittedToken(sequence.Request.Id, sequence.OutputCount, Sampler.NoToken, finish));
    }

    private void Remove(Sequence sequence)
    {
        Sequences.Remove(sequence.Request.Id);
        if (sequence.Slot == Sequence.NoSlot)
        {
            Waiting.Remove(sequence);
        }
        else
        {
            Prefixes.Retire(sequence);
        }

        Waiting.Leave(sequence);
        Inbox.Forget(sequence.Request.Id);
    }

    /// <summary>What the sampler and the stop conditions decided about one row.</summary>
    private readonly record struct SampledToken(Sequence Sequence, int Token, FinishReason? Finish);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The engine broke {Times} times while sequence {SequenceId} ran, at last at output token {Index}; the sequence has ended")]
        public static partial void SequenceBrokeEngine(ILogger logger, long sequenceId, int index, int times);

        [LoggerMessage(Level = LogLevel.Error, Message = "The model failed on sequence {SequenceId} at output token {Index}; only this sequence has ended")]
        public static partial void SequenceFaulted(ILogger logger, long sequenceId, int index, Exception? failure);
    }
}
