using System.Collections.Concurrent;
using DeepSeekOrleans.Robustness.Histories;

namespace DeepSeekOrleans.Robustness.Load;

/// <summary>Readers that ask one frontend, each again and again, and write down what they get.</summary>
internal sealed class LoadClient : IAsyncDisposable
{
    // as a client does that is told to come back
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    // beyond what a hanging answer is waited for
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);

    private static int _lastRequest;

    private readonly HistoryWriter _history;
    private readonly PromptCase[] _prompts;
    private readonly HttpClient _http;
    private readonly AnswerReader _reader;
    private readonly CancellationTokenSource _closing = new();
    private Task[] _streams = [];
    private readonly ConcurrentDictionary<int, byte> _open = new();

    public LoadClient(HistoryWriter history, PromptCase[] prompts, Uri frontend, string model)
    {
        _history = history;
        _prompts = prompts;
        _http = new HttpClient { BaseAddress = frontend, Timeout = Timeout.InfiniteTimeSpan };
        _reader = new AnswerReader(_http, model);
    }

    /// <summary>The numbers of the requests under way.</summary>
    public IReadOnlyCollection<int> Open => [.. _open.Keys];

    /// <summary>Asks for each answer once, all at a time and undisturbed, and writes down what is to be expected.</summary>
    /// <exception cref="InvalidOperationException">One could not be had.</exception>
    public Task ExpectAsync() => Task.WhenAll(_prompts.Select(async prompt =>
    {
        List<string> pieces = [];
        AnswerEnd end = await _reader.ReadAsync(prompt, _ => { }, pieces.Add);
        if (end.Outcome != Outcome.Complete)
        {
            throw new InvalidOperationException($"the undisturbed answer to prompt {prompt.Number} is {end}");
        }

        _history.Write(EventKind.Expected, told => told with
        {
            Prompt = prompt.Number,
            Text = string.Concat(pieces),
            Detail = end.Code,
            Tokens = end.Tokens,
        });
    }));

    public void Start(int streams, Random random) => _streams =
    [
        .. Enumerable.Range(0, streams).Select(_ => RepeatAsync(new Random(random.Next()))),
    ];

    /// <summary>Sends no more requests and waits for those under way.</summary>
    public async Task CloseAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_streams).WaitAsync(EndLimit);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _http.Dispose();
        _closing.Dispose();
    }

    private async Task RepeatAsync(Random random)
    {
        while (!_closing.IsCancellationRequested)
        {
            Outcome outcome = await AskAsync(_prompts[random.Next(_prompts.Length)]);
            if (outcome != Outcome.Complete)
            {
                await Task.Delay(RetryPause, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<Outcome> AskAsync(PromptCase prompt)
    {
        int request = Interlocked.Increment(ref _lastRequest);
        int index = 0;
        _open[request] = 0;
        _history.Write(EventKind.Sent, told => told with { Request = request, Prompt = prompt.Number, Where = _http.BaseAddress!.Authority });
        AnswerEnd end = await _reader.ReadAsync(
            prompt,
            id => _history.Write(EventKind.Opened, told => told with { Request = request, Id = id }),
            text => _history.Write(EventKind.Chunk, told => told with { Request = request, Index = index++, Text = text }));
        _history.Write(EventKind.Ended, told => told with { Request = request, Outcome = end.Outcome, Detail = end.Code, Tokens = end.Tokens });
        _open.TryRemove(request, out _);
        return end.Outcome;
    }
}
