using DeepSeekOrleans.Frontend.Operations;
using DeepSeekOrleans.Frontend.Tests.Cluster;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DeepSeekOrleans.Frontend.Tests.Operations;

public sealed class ContractCheckTests
{
    private static readonly ContractVersion Another = new(ContractVersion.OfThisBuild.Number + 98);

    [Fact]
    public async Task Start_ClusterSpeaksAnotherVersion_IsRefusedAndBothVersionsNamed()
    {
        var refusal = await Assert.ThrowsAsync<ContractMismatchException>(
            () => TestFrontend.StartAsync(new ClusterScript { Contract = Another }));

        Assert.Contains($"speaks version {ContractVersion.OfThisBuild.Number} ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"speaks version {Another.Number},", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Running_SilosAreReplacedByAnotherVersion_Stops()
    {
        await using TestFrontend frontend = await TestFrontend.StartAsync();
        TaskCompletionSource stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
        frontend.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);

        frontend.Script.Contract = Another;

        await stopping.Task.WaitAsync(TimeSpan.FromSeconds(30));
        string reason = frontend.Services.GetRequiredService<ContractCheck>().Refusal!.Message;
        Assert.Contains($"speaks version {Another.Number},", reason, StringComparison.Ordinal);
    }
}
