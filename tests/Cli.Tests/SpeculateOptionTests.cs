using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

public sealed class SpeculateOptionTests
{
    [Fact]
    public async Task Up_SpeculationWithoutAnInt8KvCache_IsRefusedInOneSentence()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "up", "--model", Repository.DemoModel, "--speculate", "prompt-lookup");

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.Equal("--speculate needs --kv-cache int8: a draft cannot be verified exactly without it", Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }
}
