using System.Numerics.Tensors;

namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>
/// A model whose logits are a pure function of the tokens that a slot holds. It keeps them exactly as they were written, so that a
/// wrong slot, position or copy changes tokens, and it throws when the contract of <see cref="IModelRunner"/> is broken.
/// </summary>
internal sealed class FakeRunner(ModelShape shape) : IModelRunner
{
    private readonly int[][] _history = [.. Enumerable.Range(0, shape.Slots).Select(_ => new int[shape.ContextLength])];
    private readonly int[] _written = new int[shape.Slots];

    public ModelShape Shape { get; } = shape;

    public bool IsDisposed { get; private set; }

    public int Prefills { get; private set; }

    public int Decodes { get; private set; }

    /// <summary>Runs of a chunk and decode rows together; they count as neither of the two.</summary>
    public int Joins { get; private set; }

    /// <summary>Called before a run of a chunk and decode rows together; throws where those fail and the two apart do not.</summary>
    public Action? BeforeJoin { get; set; }

    /// <summary>Lets time pass for a chunk and rows together: the tokens of the chunk, the positions before it, and the rows.</summary>
    public Action<int, int, int>? JoinedCost { get; init; }

    public int Copies { get; private set; }

    /// <summary>Rows whose logits were given, those that only fill a run included.</summary>
    public int LogitRows { get; private set; }

    /// <summary>The call under way is a decode run.</summary>
    public bool IsDecoding { get; private set; }

    /// <summary>The newest tokens that logits depend on. With few of them a greedy output soon repeats itself.</summary>
    public int Memory { get; init; } = int.MaxValue;

    /// <summary>Throws or changes logits: called with the tokens up to and including the newest of a row.</summary>
    public RowFault? Fault { get; set; }

    /// <summary>Lets time pass for a chunk: its tokens, and the positions before it.</summary>
    public Action<int, int>? PrefillCost { get; init; }

    /// <summary>Lets time pass for a decode run of so many rows.</summary>
    public Action<int>? DecodeCost { get; init; }

    /// <summary>Called before each run; a test uses it to act in the middle of a step.</summary>
    public Action? BeforeRun { get; set; }

    public Action? Disposed { get; set; }

    public delegate void RowFault(ReadOnlySpan<int> history, Span<float> logits);

    public static ModelShape ShapeOf(int slots = 4, int vocabulary = 97, int context = 256, int chunk = 64) =>
        new(vocabulary, context, slots, chunk) { DecodesAsItPrefills = true };

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best = default)
    {
        Require(tokens.Length is >= 1 && tokens.Length <= Shape.MaxPrefillChunk, $"a chunk of {tokens.Length} tokens");
        int rows = logits.Length / Shape.Vocabulary;
        Require(logits.Length == rows * Shape.Vocabulary && (rows <= 1 || rows == tokens.Length), $"room for {logits.Length} logits");
        Require(best.IsEmpty || (Shape.ChoosesTokens && best.Length == rows), $"{best.Length} tokens of {rows} rows");
        BeforeRun?.Invoke();
        IsDecoding = false;
        Prefills++;
        PrefillCost?.Invoke(tokens.Length, position);
        Chunk(slot, position, tokens, rows, logits);
        Choose(best, logits);
    }

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        Require(Shape.JoinsRuns, "a joined run");
        Require(chunk.Length is >= 1 && chunk.Length <= Shape.MaxPrefillChunk, $"a chunk of {chunk.Length} tokens");
        Require(chunkLogits.Length == 0 || chunkLogits.Length == Shape.Vocabulary, $"room for {chunkLogits.Length} logits");
        RequireRows(tokens, positions, logits);
        Require(slot >= tokens.Length || positions[slot] == position + chunk.Length, "a row inside the chunk");
        BeforeRun?.Invoke();
        BeforeJoin?.Invoke();
        IsDecoding = true;
        Joins++;
        JoinedCost?.Invoke(chunk.Length, position, tokens.Length);
        Chunk(slot, position, chunk, chunkLogits.Length / Shape.Vocabulary, chunkLogits);
        Rows(tokens, positions, logits);
    }

    private void Chunk(int slot, int position, ReadOnlySpan<int> tokens, int rows, Span<float> logits)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            Write(slot, position + i, tokens[i]);
        }

        // a chunk that wants no logits can still fail
        int length = position + tokens.Length - Math.Max(rows, 1);
        for (int row = 0; row < Math.Max(rows, 1); row++)
        {
            ReadOnlySpan<int> history = _history[slot].AsSpan(0, length + row + 1);
            Span<float> rowLogits = rows == 0 ? [] : logits.Slice(row * Shape.Vocabulary, Shape.Vocabulary);
            FakeLogits.Fill(FakeLogits.Newest(history, Memory), rowLogits);
            Fault?.Invoke(history, rowLogits);
        }
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best = default)
    {
        RequireRows(tokens, positions, logits);
        Require(best.IsEmpty || (Shape.ChoosesTokens && best.Length == tokens.Length), $"{best.Length} tokens of {tokens.Length} rows");
        BeforeRun?.Invoke();
        IsDecoding = true;
        Decodes++;
        DecodeCost?.Invoke(tokens.Length);
        Rows(tokens, positions, logits);
        Choose(best, logits);
    }

    /// <summary>Names tokens as a device does that keeps its logits: whoever reads those of a named row gets numbers that are none.</summary>
    private void Choose(Span<int> best, Span<float> logits)
    {
        LogitRows += logits.Length / Shape.Vocabulary;
        for (int row = 0; row < best.Length; row++)
        {
            Span<float> rowLogits = logits.Slice(row * Shape.Vocabulary, Shape.Vocabulary);
            float largest = TensorPrimitives.Max<float>(rowLogits);
            bool isSure = float.IsFinite(largest) && rowLogits.Count(largest) == 1;
            if (best[row] == IModelRunner.SeeLogits || !isSure)
            {
                best[row] = IModelRunner.SeeLogits;
                continue;
            }

            best[row] = rowLogits.IndexOf(largest);
            rowLogits.Fill(float.NaN);
            LogitRows--;
        }
    }

    private void RequireRows(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        Require(tokens.Length is >= 1 && tokens.Length <= Shape.Slots && positions.Length == tokens.Length, $"{tokens.Length} rows");
        Require(logits.Length == tokens.Length * Shape.Vocabulary, $"room for {logits.Length} logits");
    }

    private void Rows(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        for (int row = 0; row < tokens.Length; row++)
        {
            Write(row, positions[row], tokens[row]);
            ReadOnlySpan<int> history = _history[row].AsSpan(0, positions[row] + 1);
            Span<float> rowLogits = logits.Slice(row * Shape.Vocabulary, Shape.Vocabulary);
            FakeLogits.Fill(FakeLogits.Newest(history, Memory), rowLogits);
            Fault?.Invoke(history, rowLogits);
        }
    }

    public void CopySlot(int source, int target, int length)
    {
        Require(source != target && length >= 1 && length <= _written[source], $"copy of {length} from {source} to {target}");
        Copies++;
        _history[source].AsSpan(0, length).CopyTo(_history[target]);
        _written[target] = length;
    }

    public void Dispose()
    {
        IsDisposed = true;
        Disposed?.Invoke();
    }

    /// <summary>A position may be written again, but none may be skipped: what lies below has been written for some sequence.</summary>
    private void Write(int slot, int position, int token)
    {
        Require(position >= 0 && position < Shape.ContextLength, $"position {position} of slot {slot}");
        Require(position <= _written[slot], $"position {position} of slot {slot} skips; {_written[slot]} are written");
        Require(token >= 0 && token < Shape.Vocabulary, $"token {token}");
        _history[slot][position] = token;
        _written[slot] = position + 1;
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"the runner's contract is broken: {what}");
        }
    }
}
