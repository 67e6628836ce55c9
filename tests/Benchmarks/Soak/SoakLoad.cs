using System.Collections.Concurrent;
using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Soak;

/// <summary>
/// Requests that come and go at random. Each is one of a few greedy ones, so that every answer, also one that was cut short or moved to
/// a new runner in the middle, is known from the first time that it was whole.
/// </summary>
internal sealed class SoakLoad(int vocabulary) : IStepObserver
{
    private const int DifferentRequests = 64;
    private const int LongestPrompt = 160;
    private const int LongestAnswer = 96;
    private const double CancelShare = 0.2;

    private readonly ConcurrentDictionary<long, OpenAnswer> _open = new();
    private readonly int[]?[] _known = new int[]?[DifferentRequests];
    private readonly Random _random = new(1);
    private long _lastId;

    public int Open => _open.Count;

    public long Tokens { get; private set; }

    public int Cancelled { get; private set; }

    public int Refused { get; private set; }

    public Dictionary<FinishReason, int> Ends { get; } = [];

    /// <summary>Tokens doubled, missing or out of order, and answers that differ from the same one before.</summary>
    public int Wrong { get; private set; }

    /// <summary>Submits the next request; some of them ask for their end at a random token.</summary>
    public void Arrive(InferenceEngine engine)
    {
        int kind = _random.Next(DifferentRequests);
        var shape = new Random(kind);
        var answer = new OpenAnswer(kind, _random.NextDouble() < CancelShare ? _random.Next(LongestAnswer) : int.MaxValue);
        long id = ++_lastId;
        _open[id] = answer;
        AdmissionOutcome outcome = engine.Submit(new GenerationRequest
        {
            Id = id,
            Tenant = $"tenant {kind % 4}",
            PromptIds = [.. Prompt(shape)],
            MaxTokens = shape.Next(1, LongestAnswer),
        });
        if (outcome != AdmissionOutcome.Admitted)
        {
            Refused++;
            _open.TryRemove(id, out _);
        }
        else if (answer.CancelAt == 0)
        {
            Cancel(engine, id);
        }
    }

    /// <summary>Cancels those that have come as far as they wanted.</summary>
    public void CancelDue(InferenceEngine engine)
    {
        foreach ((long id, OpenAnswer answer) in _open)
        {
            if (!answer.IsCancelled && answer.Count >= answer.CancelAt)
            {
                answer.IsCancelled = true;
                Cancel(engine, id);
            }
        }
    }

    public void OnStep(ReadOnlySpan<EmittedToken> tokens)
    {
        foreach (EmittedToken token in tokens)
        {
            if (!_open.TryGetValue(token.SequenceId, out OpenAnswer? answer))
            {
                Wrong++;
                continue;
            }

            Wrong += answer.Add(token) ? 0 : 1;
            Tokens += token.TokenId >= 0 ? 1 : 0;
            if (token.Finish is { } finish)
            {
                End(token.SequenceId, answer, finish);
            }
        }
    }

    private void End(long id, OpenAnswer answer, FinishReason finish)
    {
        Ends[finish] = Ends.GetValueOrDefault(finish) + 1;
        int[]? known = _known[answer.Kind];
        if (known is not null && !answer.AgreesWith(known))
        {
            Wrong++;
        }
        else if (finish == FinishReason.Length)
        {
            _known[answer.Kind] ??= answer.ToArray();
        }

        _open.TryRemove(id, out _);
    }

    private void Cancel(InferenceEngine engine, long id)
    {
        Cancelled++;
        engine.Cancel(id);
    }

    /// <summary>A third of the prompts begin alike, so that prefixes are reused.</summary>
    private IEnumerable<int> Prompt(Random shape)
    {
        int length = shape.Next(1, LongestPrompt);
        int shared = shape.Next(3) == 0 ? length / 2 : 0;
        return Enumerable.Range(0, length).Select(i => i < shared ? 10 + i : shape.Next(vocabulary));
    }

    private sealed class OpenAnswer(int kind, int cancelAt)
    {
        private readonly List<int> _ids = [];

        public int Kind => kind;

        public int CancelAt => cancelAt;

        public bool IsCancelled { get; set; } = cancelAt == 0;

        public int Count => _ids.Count;

        /// <returns>False when it is not the next token.</returns>
        public bool Add(EmittedToken token)
        {
            bool isNext = token.Index == _ids.Count;
            if (token.TokenId >= 0)
            {
                _ids.Add(token.TokenId);
            }

            return isNext;
        }

        public bool AgreesWith(int[] known) => _ids.Count <= known.Length && _ids.SequenceEqual(known.Take(_ids.Count));

        public int[] ToArray() => [.. _ids];
    }
}
