using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Cli.Tests;

/// <summary>A precision that cannot be computed here is refused before anything is converted.</summary>
public sealed class PrecisionRefusalTests
{
    [Theory]
    [InlineData("generate", "bf16", "bf16 has no kernels on a CPU")]
    [InlineData("up", "bf16", "bf16 has no kernels on a CPU")]
    [InlineData("up", "fp16", "fp16 is for CUDA")]
    public async Task Run_PrecisionOfCudaOnACpu_SaysWhatToChoose(string command, string precision, string expected)
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", command, "--model", Repository.DemoModel, "--precision", precision);

        Assert.Equal(ExitCode.WrongUsage, result.ExitCode);
        Assert.StartsWith(expected, result.Error, StringComparison.Ordinal);
        Assert.Contains("choose fp32 (exact) or int8 (fast)", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_GpuThatIsNotThere_SaysWhatIsMissingAndWhatToDo()
    {
        // no machine has this many
        CommandResult result = await CommandLine.DeepSeekAsync(
            "", "up", "--provider", "cuda", "--device", "63", "--precision", "bf16", "--model", Repository.DemoModel);

        Assert.Equal(ExitCode.Failed, result.ExitCode);
        Assert.StartsWith("Onnx:", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_PrecisionAuto_SaysWhatWasChosenAndWhy()
    {
        string target = Path.Combine(Directory.CreateTempSubdirectory("import-").FullName, "model");

        CommandResult result = await CommandLine.DeepSeekAsync("", "model", "import", Repository.DemoModel, "--out", target, "--precision", "auto");

        Directory.Delete(Path.GetDirectoryName(target)!, recursive: true);
        Assert.Equal(ExitCode.Ok, result.ExitCode);
        Assert.Contains("precision int8: 4 bits would lose much here", result.Output, StringComparison.Ordinal);
        Assert.Contains($"{target}: int8, ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fit_PrecisionAuto_CountsTheFormThatWasChosen()
    {
        CommandResult chosen = await CommandLine.DeepSeekAsync("", "fit", "--model", Repository.DemoModel, "--memory", "4", "--precision", "auto", "--json");
        CommandResult named = await CommandLine.DeepSeekAsync("", "fit", "--model", Repository.DemoModel, "--memory", "4", "--precision", "int8", "--json");

        Assert.Equal(named.Output, chosen.Output);
        Assert.StartsWith("precision int8", chosen.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logits_PrecisionAuto_IsRefused()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "logits", "--model", Repository.DemoModel, "--precision", "auto");

        Assert.NotEqual(ExitCode.Ok, result.ExitCode);
        Assert.Contains("it is 'auto'", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfPrecision_NamesThemAllAndTheDefault()
    {
        CommandResult result = await CommandLine.DeepSeekAsync("", "model", "import", "--help");

        Assert.Contains("fp32, fp16, bf16, int8, int4, int4-b128, int4-fp16, auto, ", result.Output, StringComparison.Ordinal);
        Assert.Contains("[default: fp32]", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Float32", result.Output, StringComparison.Ordinal);
    }
}
