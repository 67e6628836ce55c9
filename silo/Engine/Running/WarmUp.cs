using DeepSeekOrleans.Engine.Speculation;

namespace DeepSeekOrleans.Engine.Running;

/// <summary>
/// The runs that an engine makes before its first sequence. A first run of a shape takes memory and touches weights that the later
/// ones find ready; the second measures what a run costs. What they write is never read.
/// </summary>
internal sealed class WarmUp(IModelRunner runner, int shortestChunk, int longestChunk)
{
    private readonly List<(int Tokens, int Rows)> _runs =
    [
        (shortestChunk, 1), (shortestChunk, 1), (longestChunk, 1), (0, 1), (0, 1), (0, runner.Shape.Slots), (0, runner.Shape.Slots),
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
                _runs.AddRange((tokens, tokens), (tokens, tokens));
            }
        }
    }

    /// <summary>Makes one run, so that the caller can stop or show progress between two.</summary>
    /// <exception cref="ModelRunException">The device or the model does not work.</exception>
    public void RunNext()
    {
        (int tokens, int rows) = _runs[_done];
        if (tokens > 0)
        {
            runner.Prefill(0, 0, new int[tokens], new float[rows * runner.Shape.Vocabulary]);
        }
        else
        {
            runner.Decode(new int[rows], new int[rows], new float[rows * runner.Shape.Vocabulary]);
        }

        _done++;
    }
}
