using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Cli.Fitting;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

// the official packages bring one of their own
using ClusterMember = DeepSeekOrleans.Cli.Up.ClusterMember;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary>Processes that pass for another build beside a cluster of this one.</summary>
public sealed class ContractMismatchTests
{
    private const int Another = 99;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string Ours = $"{ContractVersion.OfThisBuild.Number}";

    [RedisFact]
    public async Task Silo_OfAnotherVersion_IsRefusedWhileTheClusterRunsAndStartsWhenItHasEnded()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--redis", redis.Address, "--slots", "2");
        ClusterMember silo = Member(cluster, redis) with { Silo = "silo-9", SiloPort = FreePorts.Take(1)[0], GatewayPort = FreePorts.Take(1)[0] };

        CommandResult refused = await StartAsync(silo);
        CommandResult chat = await CommandLine.DeepSeekAsync("", "chat", "--url", $"{cluster.Http}", "What is 12 + 30?");
        await CommandLine.DeepSeekAsync("", "down", "--port", $"{cluster.Http.Port}");
        CommandResult started = await StartAsync(silo);

        Assert.Equal(ExitCode.ContractMismatch, refused.ExitCode);
        Assert.Matches($"speaks version {Another} .* speaks version {Ours}, ", $"{ToWord(refused)["Problem"]}");
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
        Assert.True(chat.ExitCode == ExitCode.Ok, chat.Error);
        Assert.True(started.ExitCode == ExitCode.Ok, $"{started.Output}{started.Error}");
        Assert.Null(ToWord(started)["Problem"]);
    }

    [RedisFact]
    public async Task Frontend_OfAnotherVersion_IsRefused()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync("--redis", redis.Address, "--slots", "2");

        // the second pair of ports, which a cluster process keeps for it
        CommandResult refused = await StartAsync(Member(cluster, redis) with { Frontend = 1 });

        Assert.Equal(ExitCode.ContractMismatch, refused.ExitCode);
        Assert.Matches($"speaks version {Another} .* speaks version {Ours}, ", $"{ToWord(refused)["Problem"]}");
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Silo_FindsThatAnOlderOneSpeaksAnotherVersion_LeavesWithTheSameExitCode()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        int[] ports = FreePorts.Take(4);
        ClusterMember silo = Member("demo-model", ports[0], ports[1], redis) with { Silo = "silo-9", SiloPort = ports[2], GatewayPort = ports[3] };
        ProcessStartInfo start = Start();
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteLineAsync(silo.ToJson());
        string? ready = await process.StandardOutput.ReadLineAsync().WaitAsync(Limit);

        await redis.SendAsync("HSET", $"deepseek:{{{ClusterHosts.ClusterId(ports[0])}}}:contract", "older", $"\"{Ours} 1 9000000000000000\"");
        await process.WaitForExitAsync().WaitAsync(Limit);

        Assert.Null(JsonNode.Parse(ready!)!["Problem"]);
        Assert.Equal(ExitCode.ContractMismatch, process.ExitCode);
        Assert.Matches($"speaks version {Another} .* speaks version {Ours}, ", await process.StandardError.ReadToEndAsync());
    }

    private static ClusterMember Member(ClusterProcess cluster, RedisServer redis) =>
        Member(cluster.Model, cluster.Http.Port, int.Parse(cluster.Grpc.Split(':')[1], CultureInfo.InvariantCulture), redis);

    private static ClusterMember Member(string name, int httpPort, int grpcPort, RedisServer redis)
    {
        PreparedModel model = ModelConversion.Prepare(
            ModelDirectory.Demo.FullName, Path.Combine(AppContext.BaseDirectory, "deepseek-cache", "models"), progress: null, CancellationToken.None);
        var plan = new ServingPlan(Slots: 2, Context: 512, ModelContext: 512, IsCut: false);
        return new ClusterMember(new LocalClusterSettings(name, model, plan, Silos: 1, httpPort, grpcPort, []), redis.Address);
    }

    /// <summary>As a process of another build; one that starts ends again at once, because its input does.</summary>
    private static Task<CommandResult> StartAsync(ClusterMember member) => CommandLine.RunAsync(Start(), member.ToJson() + "\n");

    private static ProcessStartInfo Start()
    {
        ProcessStartInfo start = CommandLine.StartInfo(MemberCommand.Name);
        start.Environment["DEEPSEEK_Contract__Version"] = $"{Another}";
        return start;
    }

    private static JsonNode ToWord(CommandResult result) => JsonNode.Parse(result.Output)!;
}
