using DeepSeekOrleans.Engine.Speculation;

namespace DeepSeekOrleans.Engine.Running;

/// <summary>
/// The runs that an engine makes before its first sequence. A first run of a shape takes memory and touches weights that the later
/// ones find ready; the second measures what a run costs. What they write is never read.
/// </summary>
internal sealed class WarmUp(IModelRunner runner, int shortestChunk, int longestChunk)
{
    private readonly List<Action> _runs =
    [
        () => Chunk(runner, shortestChunk, 1),
        () => Chunk(runner, shortestChunk, 1),
        () => Chunk(runner, longestChunk, 1),
        () => Rows(runner, 1),
        () => Rows(runner, 1),
        () => Rows(runner, runner.Shape.Slots),
        () => Rows(runner, runner.Shape.Slots),
    ];

    private int _done;

    public bool IsDone => _done == _runs.Count;

    /// <summary>Also the runs that verify drafts.</summary>
    public void AddVerifications()
    {
        // the longest first: it takes the memory for all
        for (int length = DraftLengths.Tried.Length - 1; length >= 0; length--)
        {
            int tokens = DraftLengths.Tried[length] + 1;
            if (tokens <= runner.Shape.MaxPrefillChunk)
            {
                _runs.AddRange(() => Chunk(runner, tokens, tokens), () => Chunk(runner, tokens, tokens));
            }
        }
    }

    /// <summary>Also the runs of a chunk and decode rows together. The longest chunk takes the memory for all of them.</summary>
    public void AddJoined() => _runs.AddRange(
        () => Joined(runner, longestChunk), () => Joined(runner, shortestChunk), () => Joined(runner, shortestChunk), () => Joined(runner, longestChunk));

    /// <summary>Makes one run, so that the caller can stop or show progress between two.</summary>
    /// <exception cref="ModelRunException">The device or the model does not work.</exception>
    public void RunNext()
    {
        _runs[_done]();
        _done++;
    }

    private static void Chunk(IModelRunner runner, int tokens, int rows) =>
        runner.Prefill(0, 0, new int[tokens], new float[rows * runner.Shape.Vocabulary]);

    private static void Rows(IModelRunner runner, int rows) =>
        runner.Decode(new int[rows], new int[rows], new float[rows * runner.Shape.Vocabulary]);

    private static void Joined(IModelRunner runner, int longest)
    {
        // the first slot's row stands behind the chunk, which must leave a position for it
        int tokens = Math.Min(longest, runner.Shape.ContextLength - 1);
        int[] positions = new int[runner.Shape.Slots];
        positions[0] = tokens;
        runner.PrefillBesideDecode(
            0, 0, new int[tokens], new float[runner.Shape.Vocabulary], new int[positions.Length], positions, new float[positions.Length * runner.Shape.Vocabulary]);
    }
}
