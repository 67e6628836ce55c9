using System.Text.Json;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests.Fitting;

public sealed class FitCommandTests
{
    [Fact]
    public async Task Fit_DemoModelInOneGibibyte_SaysWhatItNeedsAndWhatFits()
    {
        CommandResult result = await CommandLine.DeepSeekAsync(
            "", "fit", "--model", Repository.DemoModel, "--memory", "1", "--slots", "1024", "--json");

        JsonElement told = JsonDocument.Parse(result.Output).RootElement;
        Dictionary<int, int> longest = told.GetProperty("rows").EnumerateArray()
            .ToDictionary(row => row.GetProperty("slots").GetInt32(), row => row.GetProperty("longest_context").GetInt32());
        Assert.Equal(ExitCode.Ok, result.ExitCode);
        Assert.False(told.GetProperty("fits").GetBoolean());
        Assert.Equal(2048, longest[1]);
        Assert.InRange(longest[1024], 2, 2047);
    }

    [Fact]
    public async Task Fit_LessMemoryThanTheWeights_EndsWithModelRefused()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "fit", "--model", Repository.DemoModel, "--memory", "0.01");

        Assert.Equal(ExitCode.ModelRefused, result.ExitCode);
        Assert.Contains("does not fit", result.Output, StringComparison.Ordinal);
    }
}
