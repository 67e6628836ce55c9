using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelFactory;

/// <summary><c>model import</c>: converts a model into a directory of its own and says what that costs in quality.</summary>
internal static class ImportModelCommand
{
    private const int Window = 512;

    public static Command Create()
    {
        Argument<string> source = new("SOURCE") { Description = "A Hugging Face directory (config.json, *.safetensors, tokenizer.json) or a GGUF file" };
        Option<DirectoryInfo> target = new("--out") { Description = "The directory to write; new, or of an import that was interrupted", Required = true };
        Option<PrecisionChoice> precision = CommonOptions.PrecisionOrAuto();
        KvCacheOptions cache = new();
        Option<FileInfo?> text = new("--eval") { Description = "A text to measure the loss against fp32 on: perplexity, and how often the best token is the same" };
        Option<bool> json = CommonOptions.Flag("--json", "Print one JSON line instead of text");
        Command command = new("import", "Converts a model to the form that workers run; what an interrupted run has finished is kept")
        {
            source, target, precision, text, json,
        };
        cache.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            string? chosen = null;
            ModelPrecision form = parsed.GetValue(precision).Resolve(
                parsed.GetRequiredValue(source), ExecutionProviders.Cpu, told => chosen = told, cancellationToken);
            return RunAsync(
                new ImportSettings(
                    parsed.GetRequiredValue(source),
                    parsed.GetRequiredValue(target).FullName,
                    new ModelForm(form, cache.Read(parsed)),
                    chosen,
                    parsed.GetValue(text) is { } file ? PerplexityCommand.ReadText(file) : null,
                    parsed.GetValue(json)),
                cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(ImportSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Text is not null)
        {
            Runnable.Require(settings.Form.Precision);
        }

        long start = Stopwatch.GetTimestamp();
        ImportedModel imported = ConversionBar.Show(
            settings.Json, progress => ModelImport.Run(settings.Source, settings.Target, settings.Form, progress, cancellationToken));
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        MeasuredLoss? loss = settings.Text is { } text ? Measure(settings, text, cancellationToken) : null;
        if (settings.Json)
        {
            await JsonLines.WriteAsync(Console.Out, Report(settings, imported, elapsed, loss));
        }
        else
        {
            Print(settings, imported, elapsed, loss);
        }

        return ExitCode.Ok;
    }

    // The reference is converted as the cluster would do it, and stays in the cache for the next import.
    private static MeasuredLoss Measure(ImportSettings settings, string text, CancellationToken cancellationToken)
    {
        TextScore exact;
        using (OfflineModel reference = OfflineModel.Load(settings.Source, ModelPrecision.Float32, Window, cancellationToken))
        {
            exact = PerplexityCommand.Score(reference, text, Math.Min(Window, reference.Runner.Shape.ContextLength), cancellationToken);
        }

        using OfflineModel converted = OfflineModel.Open(settings.Target, Window);
        TextScore rounded = PerplexityCommand.Score(converted, text, Math.Min(Window, converted.Runner.Shape.ContextLength), cancellationToken);
        return new MeasuredLoss(exact.Perplexity, rounded.Perplexity, rounded.AgreementWith(exact), exact.Tokens, rounded.ClearFlipsAgainst(exact), exact.CountClear());
    }

    private static object Report(ImportSettings settings, ImportedModel imported, TimeSpan elapsed, MeasuredLoss? loss) => new
    {
        directory = settings.Target,
        precision = settings.Form.Name,
        chosen = settings.Chosen,
        version = imported.Version,
        source_bytes = imported.SourceBytes,
        bytes = imported.Bytes,
        files_written = imported.FilesWritten,
        files_kept = imported.FilesKept,
        seconds = elapsed.TotalSeconds,
        eval = loss is null ? null : new
        {
            fp32_perplexity = loss.Exact,
            perplexity = loss.Rounded,
            loss_percent = loss.Percent,
            top1_agreement = loss.Agreement,
            clear_margin = TextScore.ClearMargin,
            clear_tokens = loss.Clear,
            clear_flips = loss.ClearFlips,
            tokens = loss.Tokens,
        },
    };

    private static void Print(ImportSettings settings, ImportedModel imported, TimeSpan elapsed, MeasuredLoss? loss)
    {
        if (settings.Chosen is { } chosen)
        {
            Console.Out.WriteLine(chosen);
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.Target}: {settings.Form.Name}, {imported.Bytes / 1e6:F1} MB (source {imported.SourceBytes / 1e6:F1} MB), {imported.FilesWritten} files written, {imported.FilesKept} kept, {elapsed.TotalSeconds:F1} s"));
        if (loss is not null)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"perplexity {loss.Rounded:F3}, in fp32 {loss.Exact:F3} ({loss.Percent:+0.00;-0.00} %); same best token {100 * loss.Agreement:F1} % of {loss.Tokens} tokens, another one in {loss.ClearFlips} of the {loss.Clear} where fp32's exceeds the next by more than {TextScore.ClearMargin}"));
        }
    }

    /// <param name="Chosen">Why this form, where it was not named.</param>
    private sealed record ImportSettings(string Source, string Target, ModelForm Form, string? Chosen, string? Text, bool Json);

    private sealed record MeasuredLoss(double Exact, double Rounded, double Agreement, int Tokens, int ClearFlips, int Clear)
    {
        public double Percent => 100 * ((Rounded / Exact) - 1);
    }
}
