using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary>Users who talk to a cluster, each in one conversation after the other that grows with every turn, until they are stopped.</summary>
internal sealed class ChattingUsers : IAsyncDisposable
{
    private const int Turns = 8;
    private static readonly string[] Subjects = ["a dog", "a cat", "a bird", "a tree", "a boat", "a star", "a fish", "a house"];

    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _talking;
    private readonly Lock _waiting = new();
    private readonly List<(int At, TaskCompletionSource Reached)> _marks = [];
    private int _answers;
    private int _failures;

    public ChattingUsers(Uri cluster, int users)
    {
        _http = new HttpClient { BaseAddress = cluster, Timeout = TimeSpan.FromMinutes(1) };
        _talking = Task.WhenAll(Enumerable.Range(0, users).Select(TalkAsync));
    }

    /// <summary>Requests that got no answer.</summary>
    public int Failures => Volatile.Read(ref _failures);

    public string LastFailure { get; private set; } = "";

    /// <summary>Completes after so many further answers.</summary>
    public Task AnswersAsync(int count)
    {
        lock (_waiting)
        {
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _marks.Add((_answers + count, reached));
            return reached.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _talking;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task TalkAsync(int user)
    {
        JsonArray messages = [];
        for (int turn = 0; !_stop.IsCancellationRequested; turn++)
        {
            if (turn % Turns == 0)
            {
                messages = [];
            }

            messages.Add(Message("user", $"Tell me about {Subjects[(user + turn) % Subjects.Length]}, number {user} and {turn}."));
            string? answer = await AskAsync(messages);
            if (answer is null)
            {
                turn += Turns - 1 - (turn % Turns);
                continue;
            }

            messages.Add(Message("assistant", answer));
            Count();
        }
    }

    /// <returns>Null when there was no answer.</returns>
    private async Task<string?> AskAsync(JsonArray messages)
    {
        try
        {
            var body = new JsonObject { ["model"] = "demo-model", ["messages"] = messages.DeepClone(), ["max_tokens"] = 16, ["temperature"] = 0, ["cache"] = false };
            using HttpResponseMessage response = await _http.PostAsJsonAsync("/v1/chat/completions", body, _stop.Token);
            JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(_stop.Token))!;
            if (response.IsSuccessStatusCode)
            {
                return answer["choices"]![0]!["message"]!["content"]?.ToString() ?? "";
            }

            LastFailure = answer.ToJsonString();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return null;
        }
        catch (HttpRequestException failure)
        {
            LastFailure = failure.Message;
        }

        Interlocked.Increment(ref _failures);
        return null;
    }

    private void Count()
    {
        lock (_waiting)
        {
            _answers++;
            foreach ((_, TaskCompletionSource reached) in _marks.Where(mark => mark.At <= _answers))
            {
                reached.TrySetResult();
            }
        }
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
