using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>What this frontend hears from one worker: the numbering of its messages, and the streams that wait for them.</summary>
internal sealed class WorkerFeed(WorkerKey worker)
{
    private long _epoch;
    private long _number;

    public WorkerKey Worker { get; } = worker;

    public HashSet<TokenInbox> Inboxes { get; } = [];

    public long HeardAt { get; private set; }

    /// <summary>
    /// Checks a message's place in the numbering and adds to <paramref name="lost"/> the streams that may have missed something.
    /// </summary>
    /// <returns>False when the message has been overtaken or was seen before.</returns>
    public bool Accept(TokenBatch batch, long now, List<TokenInbox> lost)
    {
        if (batch.Epoch < _epoch || (batch.Epoch == _epoch && batch.Number <= _number))
        {
            return false;
        }

        if (batch.Epoch > _epoch)
        {
            // an older activation took with it the streams that had spoken, and those that it had admitted before its last word
            lost.AddRange(Inboxes.Where(inbox => inbox.Epoch is not null || inbox.AdmittedAt <= HeardAt));
            _number = 0;
        }

        if (batch.Number != _number + 1)
        {
            lost.Clear();
            lost.AddRange(Inboxes);
        }

        (_epoch, _number, HeardAt) = (batch.Epoch, batch.Number, now);
        return true;
    }

    /// <summary>After an accepted message: what is still waiting here has lost nothing by the worker's silence.</summary>
    public void NoteSpeech()
    {
        foreach (TokenInbox inbox in Inboxes)
        {
            inbox.NoteSpeech();
        }
    }
}
