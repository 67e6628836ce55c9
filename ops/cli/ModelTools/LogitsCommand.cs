using System.CommandLine;
using System.Text.Json;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelTools;

internal static class LogitsCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> model = CommonOptions.RequiredModel();
        Option<ModelPrecision> precision = CommonOptions.Precision();
        Command command = new("logits", "Reads {\"prompt_ids\"} lines and writes {\"logits\"} lines: one number per token of the vocabulary, after the last id")
        {
            model, precision,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(model), parsed.GetValue(precision), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo model, ModelPrecision precision, CancellationToken cancellationToken)
    {
        using OfflineModel loaded = OfflineModel.Load(ModelDirectory.Existing(model), precision, contextLength: 0, cancellationToken);
        await foreach (JsonElement line in JsonLines.ReadAsync(Console.In, cancellationToken))
        {
            int[] prompt = JsonLines.PromptIds(line) ?? throw new CliException(ExitCode.WrongUsage, "each line needs the array \"prompt_ids\"");
            await JsonLines.WriteAsync(Console.Out, new { logits = LastLogits(loaded.Runner, prompt) });
        }

        return ExitCode.Ok;
    }

    private static float[] LastLogits(IModelRunner runner, int[] prompt)
    {
        ModelShape shape = runner.Shape;
        if (prompt.Length > shape.ContextLength)
        {
            throw new CliException(ExitCode.Failed, $"a prompt of {prompt.Length} tokens does not fit the context of {shape.ContextLength}");
        }

        int unknown = Array.FindIndex(prompt, id => id < 0 || id >= shape.Vocabulary);
        if (unknown >= 0)
        {
            throw new CliException(ExitCode.WrongUsage, $"token id {prompt[unknown]} is not in the vocabulary");
        }

        float[] logits = new float[shape.Vocabulary];
        for (int position = 0; position < prompt.Length; position += shape.MaxPrefillChunk)
        {
            int end = Math.Min(prompt.Length, position + shape.MaxPrefillChunk);
            runner.Prefill(0, position, prompt.AsSpan(position..end), end == prompt.Length ? logits : []);
        }

        return logits;
    }
}
