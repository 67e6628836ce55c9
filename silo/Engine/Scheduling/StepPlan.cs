using DeepSeekOrleans.Engine.Speculation;

namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>
/// What one step computes: at most one chunk of one prompt, then at most one decode run over the slots from 0 up, or in its place a run
/// that verifies the draft of the only sequence that decodes. The arrays are used again by every step.
/// </summary>
internal sealed class StepPlan(int slots, int prefillBudget)
{
    private readonly int[] _chunk = new int[prefillBudget];
    private readonly int[] _verified = new int[DraftLengths.Longest + 1];
    private readonly int[] _tokens = new int[slots];
    private readonly int[] _positions = new int[slots];
    private readonly Sequence?[] _rows = new Sequence?[slots];

    /// <summary>The longest chunk of any step.</summary>
    public int PrefillBudget => _chunk.Length;

    /// <summary>Null when the step prefills nothing.</summary>
    public Sequence? Prefill { get; private set; }

    public int PrefillLength { get; private set; }

    /// <summary>The chunk ends the input, so its logits choose the first output token.</summary>
    public bool PrefillCompletes { get; private set; }

    public ReadOnlySpan<int> Chunk => _chunk.AsSpan(0, PrefillLength);

    /// <summary>Whose draft is verified; null when nobody's is.</summary>
    public Sequence? Verified { get; private set; }

    /// <summary>How many tokens are drafted.</summary>
    public int DraftLength { get; private set; }

    /// <summary>The newest token of that sequence and its draft.</summary>
    public ReadOnlySpan<int> VerifiedTokens => _verified.AsSpan(0, DraftLength + 1);

    /// <summary>Rows of the decode run; 0 when there is none.</summary>
    public int RowCount { get; private set; }

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, RowCount);

    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, RowCount);

    /// <summary>The sequence that wants the row's result; null for a row that only fills the run.</summary>
    public ReadOnlySpan<Sequence?> Rows => _rows.AsSpan(0, RowCount);

    public bool IsEmpty => Prefill is null && Verified is null && RowCount == 0;

    public void Clear()
    {
        Array.Clear(_rows, 0, RowCount);
        Prefill = null;
        PrefillLength = 0;
        PrefillCompletes = false;
        Verified = null;
        DraftLength = 0;
        RowCount = 0;
    }

    /// <param name="budget">The most tokens of this step, up to <see cref="PrefillBudget"/>.</param>
    public void SetPrefill(Sequence sequence, int budget)
    {
        int left = sequence.InputLength - sequence.KvLength;
        Prefill = sequence;
        PrefillLength = Math.Min(left, budget);
        PrefillCompletes = PrefillLength == left;
        sequence.Tokens.AsSpan(sequence.KvLength, PrefillLength).CopyTo(_chunk);
    }

    public void SetVerified(Sequence sequence, ReadOnlySpan<int> draft)
    {
        Verified = sequence;
        DraftLength = draft.Length;
        _verified[0] = sequence.LastToken;
        draft.CopyTo(_verified.AsSpan(1));
    }

    /// <summary>Adds the next row of the decode run.</summary>
    /// <param name="sequence">The sequence that wants the result, or null.</param>
    /// <param name="position">Where the row writes.</param>
    public void AddRow(Sequence? sequence, int token, int position)
    {
        _rows[RowCount] = sequence;
        _tokens[RowCount] = token;
        _positions[RowCount] = position;
        RowCount++;
    }
}
