using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Tests.Cluster;

/// <summary>The tokens of one stream so far.</summary>
internal sealed class HeardStream
{
    private readonly Lock _hearing = new();
    private readonly List<int> _tokens = [];
    private readonly TaskCompletionSource<StreamFinish> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(int Tokens, TaskCompletionSource Reached)> _waits = [];
    private int? _nextIndex;
    private bool _broken;

    public Task<StreamFinish> Finished => _finished.Task;

    /// <summary>Completed with the first token.</summary>
    public Task FirstToken => _first.Task;

    /// <summary>Waits for so many tokens.</summary>
    public Task HeardAsync(int tokens)
    {
        lock (_hearing)
        {
            if (_tokens.Count >= tokens)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((tokens, reached));
            return reached.Task;
        }
    }

    public void Add(StreamDelta delta, bool inOrder)
    {
        lock (_hearing)
        {
            _broken |= !inOrder || delta.FirstIndex != (_nextIndex ?? delta.FirstIndex) || _finished.Task.IsCompleted;
            _nextIndex = delta.FirstIndex + delta.TokenIds.Length;
            _tokens.AddRange(delta.TokenIds);
            if (_tokens.Count > 0)
            {
                _first.TrySetResult();
            }

            foreach ((int tokens, TaskCompletionSource reached) in _waits)
            {
                if (_tokens.Count >= tokens)
                {
                    reached.TrySetResult();
                }
            }

            if (delta.Finish is { } finish)
            {
                _finished.TrySetResult(finish);
            }
        }
    }

    public async Task<StreamOutcome> OutcomeAsync(WorkerKey worker)
    {
        StreamFinish? finish = _finished.Task.IsCompleted ? await _finished.Task : null;
        lock (_hearing)
        {
            return new StreamOutcome(worker, [.. _tokens], finish, _broken);
        }
    }
}

/// <param name="Worker">Where the stream ran.</param>
/// <param name="Tokens">What has arrived.</param>
/// <param name="Finish">Null when the stream was lost: its worker fell silent.</param>
/// <param name="Broken">A message or a token was missing, doubled, or out of order.</param>
internal sealed record StreamOutcome(WorkerKey Worker, int[] Tokens, StreamFinish? Finish, bool Broken);
