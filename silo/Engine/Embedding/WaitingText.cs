namespace DeepSeekOrleans.Engine.Embedding;

/// <summary>A text that waits for its embedding. It ends once: with an embedding, a failure, or cancelled.</summary>
internal sealed class WaitingText : IDisposable
{
    private readonly TaskCompletionSource<TextEmbedding> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _cancellation;
    private readonly bool _truncated;

    public WaitingText(int[] ids, bool truncated, CancellationToken cancellationToken)
    {
        Ids = ids;
        _truncated = truncated;
        _cancellation = cancellationToken.Register(() => _result.TrySetCanceled(cancellationToken));
    }

    public int[] Ids { get; }

    public Task<TextEmbedding> Result => _result.Task;

    /// <summary>Nobody waits any more.</summary>
    public bool IsOver => _result.Task.IsCompleted;

    public void Succeed(float[] values) => _result.TrySetResult(new TextEmbedding(values, Ids.Length, _truncated));

    public void Fail(ModelRunException failure) => _result.TrySetException(failure);

    public void Cancel() => _result.TrySetCanceled();

    public void Dispose() => _cancellation.Dispose();
}
