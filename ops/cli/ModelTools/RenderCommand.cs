using System.CommandLine;
using System.Text.Json;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelTools;

internal static class RenderCommand
{
    // members of a line that are not arguments of the template
    private static readonly string[] OwnMembers = ["messages", "tools", "add_generation_prompt"];

    public static Command Create()
    {
        Option<DirectoryInfo> model = CommonOptions.RequiredModel();
        Option<bool> allowSpecial = CommonOptions.Flag(
            "--allow-special", "Recognise control tokens in the messages too, as other tokenizers do; the cluster never does");
        Command command = new(
            "render",
            "Reads {\"messages\", \"tools\"?, \"add_generation_prompt\"} lines and writes {\"rendered\", \"ids\"} lines")
        {
            model, allowSpecial,
        };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetRequiredValue(model), parsed.GetValue(allowSpecial), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo model, bool allowSpecial, CancellationToken cancellationToken)
    {
        ModelText text = SourceText.Read(ModelDirectory.Existing(model));
        ChatTemplate template = text.Template
            ?? throw new CliException(ExitCode.ModelRefused, "the model has no chat template");
        await foreach (JsonElement line in JsonLines.ReadAsync(Console.In, cancellationToken))
        {
            RenderedPrompt prompt = Render(template, line);
            int[] ids = allowSpecial ? text.Tokenizer.Encode(prompt.Text, ControlTokens.Recognized) : prompt.Ids;
            await JsonLines.WriteAsync(Console.Out, new { rendered = prompt.Text, ids });
        }

        return ExitCode.Ok;
    }

    private static RenderedPrompt Render(ChatTemplate template, JsonElement line)
    {
        if (!line.TryGetProperty("messages", out JsonElement messages) || messages.ValueKind != JsonValueKind.Array)
        {
            throw new CliException(ExitCode.WrongUsage, "each line needs the array \"messages\"");
        }

        try
        {
            return template.Render(new ChatTemplateInput
            {
                Messages = messages,
                Tools = line.TryGetProperty("tools", out JsonElement tools) ? tools : null,
                AddGenerationPrompt = line.TryGetProperty("add_generation_prompt", out JsonElement add) && add.ValueKind == JsonValueKind.True,
                Arguments = line.EnumerateObject().Where(member => !OwnMembers.Contains(member.Name))
                    .ToDictionary(member => member.Name, member => member.Value),
            });
        }
        catch (TemplateException exception)
        {
            throw new CliException(ExitCode.Failed, $"the template refused the messages: {exception.Message}", exception);
        }
    }
}
