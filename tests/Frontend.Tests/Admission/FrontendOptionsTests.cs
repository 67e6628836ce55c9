using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Tests.Admission;

public sealed class FrontendOptionsTests
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void Validate_LoopbackWithoutKeys_Succeeds() => Assert.True(Validate(new FrontendOptions { Models = [Model()] }).Succeeded);

    [Fact]
    public void Validate_OpenAddressWithKey_Succeeds() =>
        Assert.True(Validate(new FrontendOptions { Address = "0.0.0.0", Models = [Model()] }, Key("tenant", Hash)).Succeeded);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public void Validate_OpenAddressWithoutKeys_IsRefused(string address) =>
        AssertRefused(Validate(new FrontendOptions { Address = address, Models = [Model()] }), "Admission:Keys is empty");

    [Fact]
    public void Validate_HostNameAsAddress_IsRefused() =>
        AssertRefused(Validate(new FrontendOptions { Address = "localhost", Models = [Model()] }), "Frontend:Address is 'localhost'");

    [Fact]
    public void Validate_SamePorts_IsRefused() =>
        AssertRefused(Validate(new FrontendOptions { HttpPort = 5000, GrpcPort = 5000, Models = [Model()] }), "5000");

    [Fact]
    public void Validate_NoModel_IsRefused() => AssertRefused(Validate(new FrontendOptions()), "Frontend:Models is empty");

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("..\\x")]
    [InlineData("name\n")]
    public void Validate_ModelNameThatCouldBeAPath_IsRefused(string name) =>
        AssertRefused(Validate(new FrontendOptions { Models = [Model(name)] }), "Frontend:Models:0:Name");

    [Fact]
    public void Validate_AliasTaken_IsRefused() =>
        AssertRefused(Validate(new FrontendOptions { Models = [Model("a"), Model("b", "a")] }), "Frontend:Models:1");

    [Theory]
    [InlineData("no/slash", null, "Admission:Keys:0:Tenant")]
    [InlineData("tenant", "secret-key-itself", "Admission:Keys:0:Sha256")]
    public void Validate_WrongKey_IsRefusedWithoutRepeatingIt(string tenant, string? hash, string key)
    {
        ValidateOptionsResult result = Validate(new FrontendOptions { Models = [Model()] }, Key(tenant, hash ?? Hash));

        AssertRefused(result, key);
        Assert.DoesNotContain("secret-key-itself", result.FailureMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void RangeValidator_OutsideTheRange_NamesKeyValueAndRange(int port)
    {
        ValidateOptionsResult result = new OptionsRangeValidator<FrontendOptions>("Frontend").Validate(null, new FrontendOptions { HttpPort = port });

        Assert.Equal($"Frontend:HttpPort is {port}; it must be 0 to 65535", Assert.Single(result.Failures!));
    }

    [Fact]
    public void RangeValidator_TimeSpanOutsideTheRange_NamesKeyValueAndRange()
    {
        var options = new StreamOptions { BeatTimeout = TimeSpan.Zero };

        ValidateOptionsResult result = new OptionsRangeValidator<StreamOptions>("Streams").Validate(null, options);

        Assert.Equal("Streams:BeatTimeout is 00:00:00; it must be 00:00:00.5000000 to 00:01:00", Assert.Single(result.Failures!));
    }

    [Fact]
    public void RangeValidator_AllDefaults_Succeed()
    {
        Assert.True(new OptionsRangeValidator<RequestLimits>("Limits").Validate(null, new RequestLimits()).Succeeded);
        Assert.True(new OptionsRangeValidator<StreamOptions>("Streams").Validate(null, new StreamOptions()).Succeeded);
    }

    private static void AssertRefused(ValidateOptionsResult result, string text)
    {
        Assert.True(result.Failed);
        Assert.Contains(text, result.FailureMessage, StringComparison.Ordinal);
    }

    private static ValidateOptionsResult Validate(FrontendOptions options, params ApiKeyOptions[] keys) =>
        new FrontendOptionsValidator(Options.Create(new AdmissionOptions { Keys = [.. keys] })).Validate(null, options);

    private static ServedModelOptions Model(string name = "demo", params string[] aliases) =>
        new() { Name = name, Directory = "somewhere", Aliases = [.. aliases] };

    private static ApiKeyOptions Key(string tenant, string hash) => new() { Tenant = tenant, Sha256 = hash };
}
