using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary>
/// What a silo that dies was to the frontend beside the home of workers: a gateway, through which it has sent its calls in turn, and whose
/// connection tells it at once of the death.
/// </summary>
[Collection(MovingStreamsTests.OneClusterAtATime)]
public sealed class LostGatewayTests
{
    // two answers leave one of three silos without any
    private const int Streams = 2;
    private const int Candidates = 12;

    // an answer may end while the silos are asked how they do
    private const int MaxWaves = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly Dictionary<string, string> Options = new()
    {
        ["DEEPSEEK_Onnx__IntraOpThreads"] = "1",
        ["DEEPSEEK_Logging__LogLevel__DeepSeekOrleans.Frontend.Generation.StreamMover"] = "Information",
    };

    [RedisFact]
    public async Task R01_SiloWithoutStreamsKilled_StreamsOfTheOthersGoOnWhereTheyAreAsUndisturbed()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(Options, "--silos", "3", "--slots", "2");
        using HttpClient http = new() { BaseAddress = cluster.Http, Timeout = Limit };
        string[] texts = await Task.WhenAll(Enumerable.Range(0, Candidates).Select(stream => MovingStreamsTests.ReadAsync(http, stream, () => { })));
        int[] longest = [.. Enumerable.Range(0, Candidates).OrderByDescending(stream => texts[stream].Length).Take(Streams)];

        (SiloState victim, Task<string[]> reading) = await BeginAsync(cluster, http, longest, silo => silo.OpenStreams == 0);
        await AskAsync(cluster, new ControlRequest("kill", victim.Name));
        bool wereReading = !reading.IsCompleted;
        string[] disturbed = await reading.WaitAsync(Limit);

        Assert.True(wereReading, "the answers had ended before the silo was killed");
        Assert.Equal(longest.Select(stream => texts[stream]), disturbed);
        Assert.DoesNotContain("has moved from", cluster.Printed, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task R01_SiloKilledUnderAPatientFrontend_ItsStreamsMoveBecauseItsConnectionCloses()
    {
        Dictionary<string, string> options = new(Options) { ["DEEPSEEK_Streams__BeatTimeout"] = "00:01:00" };
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(options, "--silos", "2", "--slots", "2");
        using HttpClient http = new() { BaseAddress = cluster.Http, Timeout = Limit };
        string[] texts = await Task.WhenAll(Enumerable.Range(0, Candidates).Select(stream => MovingStreamsTests.ReadAsync(http, stream, () => { })));
        int[] longest = [.. Enumerable.Range(0, Candidates).OrderByDescending(stream => texts[stream].Length).Take(Streams)];

        (SiloState victim, Task<string[]> reading) = await BeginAsync(cluster, http, longest, silo => silo.OpenStreams > 0);
        await AskAsync(cluster, new ControlRequest("kill", victim.Name));
        string[] disturbed = await reading.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(longest.Select(stream => texts[stream]), disturbed);
        Assert.Contains("has moved from", cluster.Printed, StringComparison.Ordinal);
    }

    /// <returns>The first silo that is wanted, while all of the answers are under way.</returns>
    private static async Task<(SiloState Silo, Task<string[]> Reading)> BeginAsync(
        ClusterProcess cluster, HttpClient http, int[] streams, Func<SiloState, bool> isWanted)
    {
        for (int wave = 0; wave < MaxWaves; wave++)
        {
            TaskCompletionSource[] begun = [.. streams.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
            Task<string[]> reading = Task.WhenAll(
                streams.Select((stream, index) => MovingStreamsTests.ReadAsync(http, stream, () => begun[index].TrySetResult())));
            await Task.WhenAll(begun.Select(first => first.Task)).WaitAsync(Limit);
            IReadOnlyList<SiloState> silos = (await AskAsync(cluster, new ControlRequest("list"))).Silos!;
            if (silos.Sum(all => all.OpenStreams) == streams.Length && silos.FirstOrDefault(isWanted) is { } silo)
            {
                return (silo, reading);
            }

            await reading.WaitAsync(Limit);
        }

        throw new TimeoutException($"in {MaxWaves} waves of {streams.Length} answers no silo was as wanted while all of them were under way");
    }

    private static Task<ControlAnswer> AskAsync(ClusterProcess cluster, ControlRequest request) =>
        ControlPipe.AskAsync(cluster.Http.Port, request, CancellationToken.None);
}
