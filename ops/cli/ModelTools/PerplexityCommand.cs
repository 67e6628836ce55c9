using System.CommandLine;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelTools;

internal static class PerplexityCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> model = CommonOptions.RequiredModel();
        Option<ModelPrecision> precision = CommonOptions.Precision();
        Option<FileInfo> text = new("--text") { Description = "A text file, UTF-8", Required = true };
        Option<int> window = CommonOptions.Number("--window", "Tokens that are scored together, without a look at those before", 512, (2, 1_048_576));
        Command command = new("perplexity", "Writes {\"perplexity\", \"tokens\", \"predicted\"} of a text, which is encoded whole and without special tokens")
        {
            model, precision, text, window,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model), parsed.GetValue(precision), ReadText(parsed.GetRequiredValue(text)), parsed.GetValue(window), cancellationToken));
        return command;
    }

    public static string ReadText(FileInfo file) => file.Exists
        ? File.ReadAllText(file.FullName)
        : throw new CliException(ExitCode.WrongUsage, $"there is no text file '{file}'");

    private static async Task<int> RunAsync(
        DirectoryInfo model, ModelPrecision precision, string text, int window, CancellationToken cancellationToken)
    {
        using OfflineModel loaded = OfflineModel.Load(ModelDirectory.Existing(model), precision, window, cancellationToken);
        TextScore score = Score(loaded, text, window, cancellationToken);
        await JsonLines.WriteAsync(Console.Out, new { perplexity = score.Perplexity, tokens = score.Tokens, predicted = score.Predicted });
        return ExitCode.Ok;
    }

    public static TextScore Score(OfflineModel model, string text, int window, CancellationToken cancellationToken)
    {
        if (window > model.Runner.Shape.ContextLength)
        {
            throw new CliException(ExitCode.WrongUsage, $"a window of {window} tokens does not fit the context of {model.Runner.Shape.ContextLength}");
        }

        return TextScore.Of(model.Runner, model.Tokenizer.Encode(text, ControlTokens.AsText), window, cancellationToken);
    }
}
