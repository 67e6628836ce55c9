using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests.ModelFactory;

public sealed class RandomModelCommandTests
{
    [Fact]
    public async Task Random_OfAnUnknownShape_NamesTheKnownOnesAndEndsWithWrongUsage()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "model", "random", "--shape", "r2", "--out", "unused");

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.Contains("r1-distill-qwen-1.5b", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists("unused"));
    }

    [Fact]
    public async Task Random_IntoAFolderWithFiles_EndsWithModelRefused()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "model", "random", "--shape", "qwen2.5-0.5b", "--out", AppContext.BaseDirectory);

        Assert.Equal(ExitCode.ModelRefused, result.ExitCode);
        Assert.Contains("not empty", result.Error, StringComparison.Ordinal);
    }
}
