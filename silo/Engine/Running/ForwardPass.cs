using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Speculation;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Engine.Running;

/// <summary>
/// Lets the model compute a plan. A run that fails is traced to the sequences that caused it: the others keep their logits.
/// </summary>
internal sealed partial class ForwardPass(IModelRunner runner, int faultLimit, ILogger logger)
{
    private readonly int _vocabulary = runner.Shape.Vocabulary;
    private readonly float[] _prefillLogits = new float[runner.Shape.Vocabulary];
    private readonly bool[] _rowFailed = new bool[runner.Shape.Slots];
    private readonly int[] _prefillBest = new int[1];
    private readonly int[] _rowBest = new int[runner.Shape.Slots];
    private float[] _rowLogits = [];
    private float[] _verifiedLogits = [];
    private int _succeeded;
    private int _failed;
    private int _failedSteps;
    private int _failedJoins;

    /// <summary>Chunks and decode rows share a run. False where the runner cannot, or has failed at it too often.</summary>
    public bool JoinsRuns { get; private set; } = runner.Shape.JoinsRuns;

    public bool PrefillFailed { get; private set; }

    /// <summary>What greedy choice takes after the chunk, or <see cref="IModelRunner.SeeLogits"/>.</summary>
    public int PrefillBest => _prefillBest[0];

    public Span<float> PrefillLogits => _prefillLogits;

    /// <summary>How many tokens of the verifying run have logits: all, or the first when the draft made the run fail, or none.</summary>
    public int VerifiedCount { get; private set; }

    public Span<float> VerifiedLogits(int index) => _verifiedLogits.AsSpan(index * _vocabulary, _vocabulary);

    /// <summary>Why the last failing run of the step failed; for the log.</summary>
    public ModelRunException? Failure { get; private set; }

    public bool RowFailed(int row) => _rowFailed[row];

    /// <inheritdoc cref="PrefillBest"/>
    public int RowBest(int row) => _rowBest[row];

    public Span<float> RowLogits(int row) => _rowLogits.AsSpan(row * _vocabulary, _vocabulary);

    /// <exception cref="ModelRunException">The failures point at the device, not at single sequences.</exception>
    public void Run(StepPlan plan)
    {
        try
        {
            Compute(plan);
        }
        catch (Exception failure) when (failure is not ModelRunException)
        {
            // outside its contract, so nothing is known of its state: the runner is lost, whoever caused it
            throw new ModelRunException("the runner broke", failure);
        }
    }

    private void Compute(StepPlan plan)
    {
        _succeeded = 0;
        _failed = 0;
        Failure = null;
        PrefillFailed = false;
        Array.Clear(_rowFailed);
        _prefillBest[0] = IModelRunner.SeeLogits;
        Array.Fill(_rowBest, IModelRunner.SeeLogits);
        if (JoinsRuns && plan.Prefill is not null && plan.RowCount > 0)
        {
            RunJoined(plan);
        }
        else
        {
            RunApart(plan);
        }

        BlameDeviceIfNothingWorks();
    }

    private void RunApart(StepPlan plan)
    {
        RunPrefill(plan);
        RunVerification(plan);
        RunDecode(plan);
    }

    /// <summary>One run for both. Should it fail, two runs tell whose fault that is; where it is nobody's, the joining itself is at fault.</summary>
    private void RunJoined(StepPlan plan)
    {
        Sequence prefilled = plan.Prefill!;
        try
        {
            runner.PrefillBesideDecode(
                prefilled.Slot, prefilled.KvLength, plan.Chunk, plan.PrefillCompletes ? _prefillLogits : [], plan.Tokens, plan.Positions, LogitsFor(plan.RowCount));
            _succeeded++;
            _failedJoins = 0;
        }
        catch (ModelRunException failure)
        {
            RunApart(plan);
            GiveJoiningUpIfItFails(failure);
        }
    }

    private void GiveJoiningUpIfItFails(ModelRunException failure)
    {
        if (_failed > 0)
        {
            return;
        }

        if (++_failedJoins >= faultLimit)
        {
            JoinsRuns = false;
            Log.JoiningGivenUp(logger, failure, _failedJoins);
        }
        else
        {
            Log.JoinedRunFailed(logger, failure);
        }
    }

    private void RunPrefill(StepPlan plan)
    {
        if (plan.Prefill is { } sequence)
        {
            Span<float> logits = plan.PrefillCompletes ? _prefillLogits : [];
            Span<int> best = plan.PrefillCompletes && runner.Shape.ChoosesTokens && sequence.TakesBest ? _prefillBest : [];
            best.Clear();
            PrefillFailed = !TryPrefill(sequence.Slot, sequence.KvLength, plan.Chunk, logits, best);
        }
    }

    private void RunVerification(StepPlan plan)
    {
        if (plan.Verified is not { } sequence)
        {
            return;
        }

        ReadOnlySpan<int> tokens = plan.VerifiedTokens;
        int count = tokens.Length * _vocabulary;
        _verifiedLogits = _verifiedLogits.Length < count ? new float[(DraftLengths.Longest + 1) * _vocabulary] : _verifiedLogits;
        try
        {
            runner.Prefill(sequence.Slot, sequence.KvLength, tokens, _verifiedLogits.AsSpan(0, count));
            _succeeded++;
            VerifiedCount = tokens.Length;
        }
        catch (ModelRunException)
        {
            // a drafted token may have done it, which the sequence would never have had
            VerifiedCount = TryPrefill(sequence.Slot, sequence.KvLength, tokens[..1], VerifiedLogits(0)) ? 1 : 0;
        }
    }

    private void RunDecode(StepPlan plan)
    {
        if (plan.RowCount == 0)
        {
            return;
        }

        Span<float> logits = LogitsFor(plan.RowCount);
        Span<int> best = BestFor(plan);
        try
        {
            runner.Decode(plan.Tokens, plan.Positions, logits, best);
            _succeeded++;
        }
        catch (ModelRunException)
        {
            best.Fill(IModelRunner.SeeLogits);
            RunRowsAlone(plan);
        }
    }

    /// <summary>Asks for the best tokens of the rows that take them, and of those that nobody wants; empty where no row takes its own.</summary>
    private Span<int> BestFor(StepPlan plan)
    {
        if (!runner.Shape.ChoosesTokens)
        {
            return [];
        }

        bool anyTakes = false;
        for (int row = 0; row < plan.RowCount; row++)
        {
            bool needsLogits = plan.Rows[row] is { TakesBest: false };
            _rowBest[row] = needsLogits ? IModelRunner.SeeLogits : 0;
            anyTakes |= plan.Rows[row] is not null && !needsLogits;
        }

        Span<int> best = _rowBest.AsSpan(0, plan.RowCount);
        if (anyTakes)
        {
            return best;
        }

        best.Fill(IModelRunner.SeeLogits);
        return [];
    }

    /// <summary>
    /// Decodes each row by itself, as a prefill of one token: the same computation, and writing the same position again is
    /// harmless. Whoever fails alone is the culprit.
    /// </summary>
    private void RunRowsAlone(StepPlan plan)
    {
        for (int row = 0; row < plan.RowCount; row++)
        {
            if (plan.Rows[row] is not null)
            {
                _rowFailed[row] = !TryPrefill(row, plan.Positions[row], plan.Tokens.Slice(row, 1), RowLogits(row));
            }
        }
    }

    private bool TryPrefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best = default)
    {
        try
        {
            runner.Prefill(slot, position, tokens, logits, best);
            _succeeded++;
            return true;
        }
        catch (ModelRunException failure)
        {
            Failure = failure;
            _failed++;
            return false;
        }
    }

    /// <summary>
    /// A wrong guess here moves streams to another engine, which is cheap; a wrong guess the other way would end streams that
    /// another engine can still complete. So two failures with no success between them already mean the device.
    /// </summary>
    private void BlameDeviceIfNothingWorks()
    {
        if (_succeeded > 0)
        {
            _failedSteps = 0;
            return;
        }

        if (_failed > 0)
        {
            _failedSteps++;
        }

        if (_failed > 1 || _failedSteps >= faultLimit)
        {
            throw new ModelRunException($"no run succeeded in {_failedSteps} step(s); {_failed} sequence(s) failed in the last", Failure!);
        }
    }

    /// <summary>Grows by doubling, as far as the slots need: 16 rows of a vocabulary of 151,936 are 9.7 MB.</summary>
    private Span<float> LogitsFor(int rows)
    {
        int needed = rows * _vocabulary;
        if (_rowLogits.Length < needed)
        {
            int all = runner.Shape.Slots * _vocabulary;
            _rowLogits = new float[Math.Max(needed, Math.Min(all, 2 * _rowLogits.Length))];
        }

        return _rowLogits.AsSpan(0, needed);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A run of a chunk and decode rows together failed, and apart they did not")]
        public static partial void JoinedRunFailed(ILogger logger, Exception failure);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Times} runs of a chunk and decode rows together failed in a row, and apart they did not; they are run apart from here on")]
        public static partial void JoiningGivenUp(ILogger logger, Exception failure, int times);
    }
}
