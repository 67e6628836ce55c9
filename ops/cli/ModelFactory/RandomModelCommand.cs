using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.ModelFactory.RandomModels;
using Spectre.Console;

namespace DeepSeekOrleans.Cli.ModelFactory;

/// <summary><c>model random</c>: a model of real size to measure speed with, where no real weights are at hand.</summary>
internal static class RandomModelCommand
{
    public static Command Create()
    {
        Option<string> shape = new("--shape")
        {
            Description = $"Whose sizes: {string.Join(", ", DecoderShape.Known.Select(known => known.Name))}",
            Required = true,
        };
        shape.AcceptOnlyFromAmong([.. DecoderShape.Known.Select(known => known.Name)]);
        Option<DirectoryInfo> target = new("--out") { Description = "The directory to write; new or empty", Required = true };
        Option<DirectoryInfo> tokenizer = new("--tokenizer")
        {
            Description = "A directory whose tokenizer to copy",
            DefaultValueFactory = _ => ModelDirectory.Demo,
        };
        Option<ulong> seed = new("--seed") { Description = "Determines every weight" };
        Option<int> layers = CommonOptions.Number("--layers", "Fewer layers than the shape has; 0 is all of them", 0, (0, 1024));
        Command command = new("random", "Writes a model of a published shape with random weights: right for speed, useless for text")
        {
            shape, target, tokenizer, seed, layers,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            DecoderShape chosen = DecoderShape.Find(parsed.GetRequiredValue(shape))!;
            int kept = parsed.GetValue(layers);
            chosen = kept is 0 || kept > chosen.Layers ? chosen : chosen with { Layers = kept };
            return Task.FromResult(Run(
                chosen, parsed.GetRequiredValue(target), ModelDirectory.Existing(parsed.GetRequiredValue(tokenizer)), parsed.GetValue(seed), cancellationToken));
        });
        return command;
    }

    private static int Run(DecoderShape shape, DirectoryInfo target, string tokenizer, ulong seed, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        long total = 2 * shape.Tensors().Sum(tensor => tensor.Length);
        AnsiConsole.Progress().Start(screen =>
        {
            ProgressTask bar = screen.AddTask($"writing {shape.Name}", maxValue: total);
            RandomModel.Write(shape, target.FullName, tokenizer, seed, new BarProgress(bar), cancellationToken);
        });
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{target}: {shape.Name}, {shape.Layers} layers, {total / 2:N0} weights in bf16, {total >> 20} MiB in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
        return ExitCode.Ok;
    }

    private sealed class BarProgress(ProgressTask bar) : IProgress<long>
    {
        public void Report(long value) => bar.Value = value;
    }
}
