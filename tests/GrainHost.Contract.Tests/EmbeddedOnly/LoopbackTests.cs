using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.EmbeddedOnly;

public sealed class LoopbackTests
{
    [Fact]
    public async Task AdvertisedAddress_OfTheNetwork_IsRefusedAndOrleansNamed()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(clusterId: "refused")
            .Configure<EndpointOptions>(options => options.AdvertisedIPAddress = IPAddress.Parse("10.1.2.3")));
        using IHost host = builder.Build();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("10.1.2.3", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("use Orleans", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LocalhostClustering_TwoSilosAndAClient_FindEachOther()
    {
        string cluster = Guid.NewGuid().ToString("N");
        using IHost first = NewSilo(cluster, "a", 11_111);
        using IHost second = NewSilo(cluster, "b", 11_112);
        await first.StartAsync();
        await second.StartAsync();
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.UseOrleansClient(client => client.UseLocalhostClustering([30_000, 30_001], "service", cluster));
        using IHost client = builder.Build();
        await client.StartAsync();
        var grains = (IClusterClient)client.Services.GetService(typeof(IClusterClient))!;

        string[] names = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(i => grains.GetGrain<IAnywhereGrain>($"{cluster}{i}").SiloNameAsync()));

        Assert.Equal(["a", "b"], names.Distinct().Order());
        await client.StopAsync();
        await second.StopAsync();
        await first.StopAsync();
    }

    [Fact]
    public async Task Client_WithoutASilo_FailsToStart()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.UseOrleansClient(client => client.UseLocalhostClustering(clusterId: "nobody here"));
        using IHost client = builder.Build();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => client.StartAsync());
    }

    private static IHost NewSilo(string cluster, string name, int port)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(port, port + 18_889, null, "service", cluster)
            .Configure<SiloOptions>(options => options.SiloName = name));
        return builder.Build();
    }
}
