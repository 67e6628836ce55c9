using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DeepSeekOrleans.Silo.Tests;

public sealed class SiloStartTests : IDisposable
{
    private readonly DirectoryInfo _model = Directory.CreateTempSubdirectory("silo-tests");

    public void Dispose() => _model.Delete(recursive: true);

    [Fact]
    public async Task Start_ModelDirectoryIsEmpty_LivesOnAndNamesTheMissingFile()
    {
        (WorkerHealth worker, bool isReady) = await StartAsync(speculation: "off");

        Assert.Equal((new WorkerKey("silo-1", "cpu0", "demo"), WorkerState.Unhealthy, false), (worker.Worker, worker.State, isReady));
        Assert.Contains(".json", worker.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(_model.FullName, worker.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SpeculationForAModelWithoutAnInt8KvCache_SaysWhatItNeeds()
    {
        (WorkerHealth worker, bool isReady) = await StartAsync(speculation: "prompt-lookup");

        Assert.Equal((WorkerState.Unhealthy, false), (worker.State, isReady));
        Assert.Contains("Engine:Speculation needs an int8 KV cache", worker.Problem, StringComparison.Ordinal);
    }

    private async Task<(WorkerHealth Worker, bool IsReady)> StartAsync(string speculation)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("Engine:Speculation", speculation)]);
        int[] ports = FreePorts.Take(2);
        builder.AddDeepSeekSilo(silo =>
        {
            silo.ClusterId = $"test-{Guid.NewGuid():N}";
            (silo.SiloPort, silo.GatewayPort) = (ports[0], ports[1]);
            silo.Models.Add(new ServedModel { Name = "demo", Directory = _model.FullName, Version = "v1" });
        });
        using IHost host = builder.Build();

        await host.StartAsync();
        SiloHealth health = host.Services.GetRequiredService<SiloHealth>();
        WorkerHealth worker = Assert.Single(health.Workers);
        await host.StopAsync();
        return (worker, health.IsReady);
    }
}
