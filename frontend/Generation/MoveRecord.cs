namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>
/// How often one answer has moved, and whether it may move again. A request that breaks processes must not be passed around, and one
/// that was merely there when they died must not pay for it: a worker's loss counts against the request unless the worker had
/// brought it a good way before.
/// </summary>
internal sealed class MoveRecord(StreamOptions options)
{
    // a request that breaks workers does so at one place in its answer, a few undelivered tokens aside
    private const int GoodWay = 64;

    private int _moves;
    private int _suspectLosses;
    private (int Moves, int SuspectLosses) _before;

    /// <summary>The number of the answer's next attempt: none is used twice, because workers remember what they have been told of one.</summary>
    public int NextNumber { get; set; } = 1;

    /// <param name="failure">Why the attempt ended.</param>
    /// <param name="newTokens">What the attempt had delivered.</param>
    /// <returns>Null, or what the client is to be told.</returns>
    public GenerationFailure? Refuse(GenerationFailure failure, int newTokens)
    {
        _before = (_moves, _suspectLosses);
        switch (failure)
        {
            case GenerationFailure.WorkerLost:
                _suspectLosses = newTokens >= GoodWay ? 1 : _suspectLosses + 1;
                break;
            // whether the request is to blame for a stall, the next worker finds out, and ends it then
            case GenerationFailure.WorkerStopping or GenerationFailure.WorkerStalled:
                break;
            default:
                return failure;
        }

        return _suspectLosses >= options.MaxWorkersLost ? GenerationFailure.WorkersLost
            : ++_moves > options.MaxMoves ? failure
            : null;
    }

    /// <summary>The worker that was taken for lost has spoken again: as if nothing had been asked.</summary>
    public void TakeBack() => (_moves, _suspectLosses) = _before;
}
