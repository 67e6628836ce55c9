using System.Diagnostics;
using System.Net;
using DeepSeekOrleans.Frontend.Tests.Admission;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace DeepSeekOrleans.Frontend.Tests.Operations;

/// <summary>The frontend as a process of its own, before a cluster of another build.</summary>
public sealed class ContractExitTests
{
    private const string ClusterId = "exits";
    private const string Listens = "Now listening on";
    private static readonly ContractVersion Another = new(ContractVersion.OfThisBuild.Number + 98);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [RedisTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Process_ClusterSpeaksAnotherVersion_EndsWithTheCodeAndTheReason(bool isReplacedLater)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        var script = new ClusterScript { Contract = isReplacedLater ? ContractVersion.OfThisBuild : Another };
        using IHost silo = await StartSiloAsync(redis, script);

        using Process frontend = Process.Start(StartInfo(redis))!;
        Task<string> said = frontend.StandardError.ReadToEndAsync();
        Task<bool> listened = HearAsync(frontend.StandardOutput, () => script.Contract = Another);
        await ExitAsync(frontend);
        string reason = await said;
        await silo.StopAsync();

        Assert.Equal(ContractMismatchException.ExitCode, frontend.ExitCode);
        Assert.Contains($"speaks version {Another.Number},", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", reason, StringComparison.Ordinal);
        Assert.Equal(isReplacedLater, await listened);
    }

    private static async Task<IHost> StartSiloAsync(RedisServer redis, ClusterScript script)
    {
        int[] ports = FreePorts.Take(2);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(script);
        builder.UseOrleans(silo => silo
            .UseRedisClustering(redis.Address)
            .Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = ClusterId)
            .Configure<EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = IPAddress.Loopback;
                (options.SiloPort, options.GatewayPort) = (ports[0], ports[1]);
                options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, ports[0]);
                options.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Loopback, ports[1]);
            }));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static ProcessStartInfo StartInfo(RedisServer redis)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "DeepSeekOrleans.Frontend.dll");
        ProcessStartInfo start = new("dotnet", program) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["Cluster__Redis"] = redis.Address;
        start.Environment["Cluster__ClusterId"] = start.Environment["Cluster__ServiceId"] = ClusterId;
        start.Environment["Frontend__HttpPort"] = start.Environment["Frontend__GrpcPort"] = "0";
        start.Environment["Frontend__Models__0__Name"] = DemoModel.Name;
        start.Environment["Frontend__Models__0__Directory"] = Repository.DemoModel;
        return start;
    }

    private static async Task ExitAsync(Process process)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"the frontend did not end within {Limit}");
        }
    }

    /// <returns>Whether the process said that it listens; then <paramref name="listens"/> was called.</returns>
    private static async Task<bool> HearAsync(StreamReader output, Action listens)
    {
        bool heard = false;
        while (await output.ReadLineAsync() is { } line)
        {
            if (!heard && line.Contains(Listens, StringComparison.Ordinal))
            {
                heard = true;
                listens();
            }
        }

        return heard;
    }
}
