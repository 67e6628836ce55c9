using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary>Clusters of a process for each silo.</summary>
public sealed class ProcessClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [RedisFact]
    public async Task Up_WithThreeSilos_StartsAProcessForEachAndAnswers()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "3", "--slots", "2");

        CommandResult chat = await CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "What is 12 + 30?");
        JsonArray silos = await ListAsync(cluster);

        Assert.Equal(ExitCode.Ok, chat.ExitCode);
        Assert.EndsWith("12 + 30 = 42.\n", chat.Output, StringComparison.Ordinal);
        Assert.Equal(["silo-1", "silo-2", "silo-3"], silos.Select(silo => silo!["name"]!.ToString()));
        Assert.Equal(3, silos.Select(silo => (int)silo!["pid"]!).Append(cluster.ProcessId).Distinct().Count() - 1);
        Assert.All(silos, silo => Assert.Equal(("ready", 1, 0), (silo!["state"]!.ToString(), (int)silo["workers"]!, (int)silo["open_streams"]!)));
        Assert.True(silos.Sum(silo => (int)silo!["resident_tokens"]!) > 0);
    }

    [RedisFact]
    public async Task R23_UpSaysReady_EverySiloHasRehearsedAndTheFrontendAgrees()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2", "--frontends", "2", "--slots", "2");

        HttpStatusCode[] ready = await Task.WhenAll(cluster.Frontends.Select(ReadinessAsync));
        JsonArray silos = await ListAsync(cluster);

        Assert.All(ready, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.All(silos, silo => Assert.True((long)silo!["streams_begun"]! > 0, silos.ToJsonString()));
    }

    [RedisFact]
    public async Task Up_WithSilosThatCannotStart_SaysOnceWhyAndEnds()
    {
        ProcessStartInfo start = CommandLine.StartInfo("up", "--silos", "3", "--port", $"{FreePorts.Take(1)[0]}", "--grpc-port", $"{FreePorts.Take(1)[0]}");
        start.Environment["DEEPSEEK_Engine__MaxWaiting"] = "-1";

        CommandResult up = await CommandLine.RunAsync(start);

        Assert.Equal(ExitCode.Failed, up.ExitCode);
        Assert.Single(up.Error.Split('\n'), line => line.Contains("did not start", StringComparison.Ordinal));
        Assert.Contains("Engine:MaxWaiting is '-1'", up.Error, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Silo_KilledDrainedAndAdded_TheClusterAnswersAllAlong()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "3", "--slots", "2");
        string port = $"{cluster.Http.Port}";

        CommandResult kill = await CommandLine.DeepSeekAsync("", "silo", "kill", "silo-1", "--port", port);
        await AnswersAsync(cluster.Http);
        CommandResult add = await CommandLine.DeepSeekAsync("", "silo", "add", "silo-4", "--port", port);
        CommandResult drain = await CommandLine.DeepSeekAsync("", "silo", "drain", "silo-2", "--port", port);
        await AnswersAsync(cluster.Http);

        Assert.Equal((ExitCode.Ok, ExitCode.Ok, ExitCode.Ok), (kill.ExitCode, add.ExitCode, drain.ExitCode));
        Assert.Equal(["silo-3", "silo-4"], (await ListAsync(cluster)).Select(silo => silo!["name"]!.ToString()));
    }

    [RedisFact]
    public async Task Down_OfThreeSilos_EndsEveryProcess()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2", "--slots", "2");
        int[] processes = [.. (await ListAsync(cluster)).Select(silo => (int)silo!["pid"]!)];

        CommandResult down = await CommandLine.DeepSeekAsync("", "down", "--port", $"{cluster.Http.Port}");

        Assert.Equal(ExitCode.Ok, down.ExitCode);
        Assert.Equal(ExitCode.Ok, await cluster.WaitForExitAsync(Limit));
        Assert.All(processes, process => Assert.False(Directory.Exists($"/proc/{process}"), $"the silo's process {process} still runs"));
    }

    [RedisFact]
    public async Task Up_WithTwoFrontends_ServesOnBothPortsAndStartsAKilledOneAgain()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2", "--frontends", "2", "--slots", "2");
        FrontendState[] before = await ListFrontendsAsync(cluster);
        await AnswersAsync(cluster.Frontends[0]);
        await AnswersAsync(cluster.Frontends[1]);

        using (var second = Process.GetProcessById(before[1].ProcessId))
        {
            second.Kill();
            await second.WaitForExitAsync();
        }

        await AnswersAsync(cluster.Frontends[1]);
        FrontendState[] after = await ListFrontendsAsync(cluster);
        CommandResult down = await CommandLine.DeepSeekAsync("", "down", "--port", $"{cluster.Http.Port}");

        Assert.Equal(cluster.Frontends.Select(frontend => frontend.ToString().TrimEnd('/')), after.Select(frontend => frontend.Http));
        Assert.Equal(before[0], after[0]);
        Assert.NotEqual(before[1].ProcessId, after[1].ProcessId);
        Assert.Equal((ExitCode.Ok, ExitCode.Ok), (down.ExitCode, await cluster.WaitForExitAsync(Limit)));
        Assert.All(after, frontend => Assert.False(Directory.Exists($"/proc/{frontend.ProcessId}"), $"{frontend} still runs"));
    }

    [RedisFact]
    public async Task Ps_WhileASiloIsFrozen_SaysThatItIsSilentAndReadyAgainAfterwards()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "1", "--frontends", "2", "--slots", "2");
        using var silo = Process.GetProcessById((int)(await ListAsync(cluster))[0]!["pid"]!);

        await SignalAsync("STOP", silo.Id);
        string[] frozen = [$"{(await ListAsync(cluster))[0]!["state"]}", $"{(await ListAsync(cluster))[0]!["state"]}"];
        await SignalAsync("CONT", silo.Id);
        string thawed = $"{(await ListAsync(cluster))[0]!["state"]}";

        Assert.Equal(["silent", "silent"], frozen);
        Assert.Equal("ready", thawed);
    }

    [RedisFact]
    public async Task Up_BeforeItsRedisServer_WaitsForIt()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await redis.KillAsync();

        Task<ClusterProcess> starting = ClusterProcess.StartAsync("--redis", redis.Address, "--slots", "2");
        Task first = await Task.WhenAny(starting, Task.Delay(TimeSpan.FromSeconds(2)));
        await redis.RestartAsync();
        await using ClusterProcess cluster = await starting;

        Assert.NotSame(starting, first);
        await AnswersAsync(cluster.Http);
    }

    [RedisFact]
    public async Task Silo_ThatDoesNotExistOrExistsAlready_IsRefused()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2", "--slots", "2");
        string port = $"{cluster.Http.Port}";

        CommandResult kill = await CommandLine.DeepSeekAsync("", "silo", "kill", "nobody", "--port", port);
        CommandResult add = await CommandLine.DeepSeekAsync("", "silo", "add", "silo-1", "--port", port);

        Assert.Equal((ExitCode.RequestRefused, ExitCode.RequestRefused), (kill.ExitCode, add.ExitCode));
        Assert.Contains("silo-1, silo-2", kill.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_OfAClusterInOneProcess_IsRefusedAndListed()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--slots", "2");

        CommandResult add = await CommandLine.DeepSeekAsync("", "silo", "add", "silo-2", "--port", $"{cluster.Http.Port}");

        Assert.Equal(ExitCode.RequestRefused, add.ExitCode);
        Assert.Contains("--redis", add.Error, StringComparison.Ordinal);
        Assert.Equal(cluster.ProcessId, (int)(await ListAsync(cluster))[0]!["pid"]!);
    }

    [Fact]
    public async Task Up_WithoutRedisServer_SaysHowToInstallItAndStaysInOneProcess()
    {
        string dotnet = Path.GetDirectoryName(Environment.ProcessPath)!;
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(
            new Dictionary<string, string> { ["PATH"] = dotnet }, "--silos", "2", "--slots", "2");

        JsonArray silos = await ListAsync(cluster);

        Assert.Equal([cluster.ProcessId, cluster.ProcessId], silos.Select(silo => (int)silo!["pid"]!));
        Assert.Contains("apt-get install redis-server", cluster.Printed, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Up_Killed_LeavesNoProcessBehind()
    {
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2", "--slots", "2");
        int[] processes = [.. Descendants(cluster.ProcessId)];
        string[] names = [.. processes.Select(NameOf)];

        using var kill = Process.Start("kill", ["-s", "KILL", $"{cluster.ProcessId}"]);
        await kill.WaitForExitAsync();

        Assert.Contains("redis-server", names);
        Assert.Equal(3, names.Count(name => name == "dotnet"));
        await EndedAsync(processes);
    }

    [RedisFact]
    public async Task R03_SiloTerminatedWhileRedisIsGone_EndsAllTheSame()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2", "--slots", "2", "--redis", redis.Address);
        int silo = (int)(await ListAsync(cluster))[0]!["pid"]!;

        await redis.KillAsync();
        await SignalAsync("TERM", silo);

        await EndedAsync(silo);
    }

    [RedisFact]
    public async Task R21_RedisFrozenOrDead_LivenessStaysGood()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--silos", "2", "--slots", "2", "--redis", redis.Address);
        using HttpClient http = new() { BaseAddress = cluster.Http, Timeout = TimeSpan.FromSeconds(10) };

        await redis.FreezeAsync();
        HttpResponseMessage frozen = await http.GetAsync("/health/live");
        CommandResult chat = await CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "What is 12 + 30?");
        await redis.KillAsync();
        HttpResponseMessage dead = await http.GetAsync("/health/live");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (frozen.StatusCode, dead.StatusCode));
        Assert.True(chat.ExitCode == ExitCode.Ok, chat.Error);
    }

    private static IEnumerable<int> Descendants(int process) =>
        from entry in Directory.GetDirectories("/proc")
        where int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out _)
        let child = int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture)
        where Stat(child) is [_, { } fields] && fields.Split(' ')[1] == $"{process}"
        from found in Descendants(child).Prepend(child)
        select found;

    /// <summary>Waits until none of the processes is left.</summary>
    private static async Task EndedAsync(params int[] processes)
    {
        using CancellationTokenSource limit = new(Limit);
        while (processes.Where(process => NameOf(process).Length > 0).ToArray() is { Length: > 0 } left)
        {
            Assert.False(limit.IsCancellationRequested, $"still there: {string.Join(", ", left.Select(process => $"{process} {NameOf(process)}"))}");
            await Task.Delay(20);
        }
    }

    /// <summary>Empty when there is none, or only what its parent has not yet noticed to have ended.</summary>
    private static string NameOf(int process) => Stat(process) is [{ } name, { } fields] && !fields.StartsWith('Z') ? name : "";

    /// <returns>The program's name, and state, parent and the rest in one; nothing when there is no such process.</returns>
    private static string[] Stat(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return [stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..stat.LastIndexOf(')')], stat[(stat.LastIndexOf(')') + 2)..]];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static async Task<JsonArray> ListAsync(ClusterProcess cluster)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "ps", "--json", "--port", $"{cluster.Http.Port}");
        Assert.Equal(ExitCode.Ok, result.ExitCode);
        return JsonNode.Parse(result.Output)!.AsArray();
    }

    private static async Task<FrontendState[]> ListFrontendsAsync(ClusterProcess cluster) =>
        [.. (await ControlPipe.AskAsync(cluster.Http.Port, new ControlRequest("list"), CancellationToken.None)).Frontends!];

    private static async Task<HttpStatusCode> ReadinessAsync(Uri frontend)
    {
        using HttpClient http = new() { BaseAddress = frontend };
        using HttpResponseMessage response = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return response.StatusCode;
    }

    private static async Task SignalAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{process}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>The router may have lived on the silo that has just died: until it is known to be dead, requests are refused.</summary>
    private static async Task AnswersAsync(Uri frontend)
    {
        using CancellationTokenSource limit = new(Limit);
        CommandResult chat;
        do
        {
            chat = await CommandLine.DeepSeekAsync("", "chat", "--url", $"{frontend}", "What is 12 + 30?");
        }
        while (chat.ExitCode != ExitCode.Ok && !limit.IsCancellationRequested);

        Assert.True(chat.ExitCode == ExitCode.Ok, $"no answer within {Limit}: {chat.Error}");
    }
}
