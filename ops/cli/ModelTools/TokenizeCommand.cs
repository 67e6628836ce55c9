using System.CommandLine;
using System.Text.Json;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelTools;

internal static class TokenizeCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> model = CommonOptions.RequiredModel();
        Option<bool> allowSpecial = CommonOptions.Flag("--allow-special", "Recognise control tokens in the text");
        Command command = new("tokenize", "Reads {\"text\"} lines and writes {\"ids\"} lines") { model, allowSpecial };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetRequiredValue(model), parsed.GetValue(allowSpecial), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo model, bool allowSpecial, CancellationToken cancellationToken)
    {
        Tokenizer tokenizer = SourceText.Read(ModelDirectory.Existing(model)).Tokenizer;
        ControlTokens control = allowSpecial ? ControlTokens.Recognized : ControlTokens.AsText;
        await foreach (JsonElement line in JsonLines.ReadAsync(Console.In, cancellationToken))
        {
            await JsonLines.WriteAsync(Console.Out, new { ids = tokenizer.Encode(JsonLines.RequiredText(line, "text"), control) });
        }

        return ExitCode.Ok;
    }
}
