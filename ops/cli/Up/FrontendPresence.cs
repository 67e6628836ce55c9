using System.Net;
using System.Text.Json.Nodes;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>Waits until a frontend says at its own address, where the first client will come, that it is ready.</summary>
internal static class FrontendPresence
{
    // longer than its rehearsal may last
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <param name="address">For example <c>http://127.0.0.1:8080</c>.</param>
    /// <exception cref="CliException">It has not become ready in a minute.</exception>
    public static async Task WaitAsync(string address, CancellationToken cancellationToken)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address), Timeout = Timeout.InfiniteTimeSpan };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        string missing = "it does not answer";
        try
        {
            while (await MissingAsync(http, limit.Token) is { } reason)
            {
                missing = reason;
                await Task.Delay(LookInterval, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(ExitCode.Failed, $"the frontend at {address} has not become ready within {Limit.TotalSeconds} s: {missing}");
        }
    }

    /// <returns>What is missing; null when nothing is.</returns>
    private static async Task<string?> MissingAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
            return response.StatusCode == HttpStatusCode.OK ? null : Reasons(await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException e)
        {
            return $"it does not answer ({e.HttpRequestError})";
        }
    }

    private static string Reasons(string body) =>
        string.Join("; ", JsonNode.Parse(body)?["reasons"]?.AsArray().Select(reason => (string?)reason) ?? []);
}
