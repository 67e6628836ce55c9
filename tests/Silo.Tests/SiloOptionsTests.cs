using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Silo.Tests;

public sealed class SiloOptionsTests
{
    [Theory]
    [InlineData("Silo:SiloPort", "70000", "Silo:SiloPort is '70000' but must be 1 to 65535")]
    [InlineData("Silo:Name", "a/b", "Silo:Name is 'a/b' but must match ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    [InlineData("Silo:Devices:0", "gpu/0", "Silo:Devices:0 is 'gpu/0' but must match ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    [InlineData("Silo:Models:0:Directory", "no/such/directory", "Silo:Models:0:Directory is 'no/such/directory' but must be an existing directory")]
    [InlineData("Silo:Models:0:Version", "", "Silo:Models:0:Version is empty but must be the SHA-256 of the model's content")]
    [InlineData("Silo:Models:1:Name", "demo", "Silo names 'demo' twice, but models and devices must be unique")]
    public void AddDeepSeekSilo_WrongValue_NamesKeyValueAndRange(string key, string value, string message)
    {
        HostApplicationBuilder builder = Builder((key, value));

        var refusal = Assert.Throws<OptionsValidationException>(() => builder.AddDeepSeekSilo());

        Assert.Contains(message, refusal.Failures);
    }

    [Fact]
    public void AddDeepSeekSilo_NoModel_IsRefused()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());

        var refusal = Assert.Throws<OptionsValidationException>(() => builder.AddDeepSeekSilo());

        Assert.Contains("Silo:Models is empty but must name at least one model", refusal.Failures);
    }

    [Theory]
    [InlineData("Engine:MaxWaiting", "0", "Engine:MaxWaiting is '0' but must be 1 to 100000")]
    [InlineData("Engine:Speculation", "always", "Engine:Speculation is 'always' but must match ^(off|prompt-lookup)$")]
    [InlineData("Worker:BeatInterval", "00:00:01", "Worker:BeatInterval is '00:00:01' but must be 00:00:00.0100000 to 00:00:00.1200000")]
    [InlineData("ResponseCache:MaxTenantBytes", "-1", "ResponseCache:MaxTenantBytes is '-1' but must be 0 to 17179869184")]
    [InlineData("Storage:Timeout", "00:00:05", "Storage:Timeout is '00:00:05' but must be 00:00:00.0050000 to 00:00:01")]
    [InlineData("Onnx:Slots", "2000", "Onnx:Slots is '2000' but must be 1 to 1024")]
    public async Task Start_WrongValueInAnotherSection_NamesKeyValueAndRange(string key, string value, string message)
    {
        HostApplicationBuilder builder = Builder((key, value));
        builder.AddDeepSeekSilo();
        using IHost host = builder.Build();

        OptionsValidationException refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(message, refusal.Failures);
    }

    private static HostApplicationBuilder Builder((string Key, string Value) setting)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Silo:Models:0:Name"] = "demo",
            ["Silo:Models:0:Directory"] = AppContext.BaseDirectory,
            ["Silo:Models:0:Version"] = "v1",
            [setting.Key] = setting.Value,
        });
        return builder;
    }
}
