using System.CommandLine;
using System.Text.Json;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelTools;

internal static class GenerateCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> model = CommonOptions.RequiredModel();
        Option<ModelPrecision> precision = CommonOptions.Precision();
        Option<int> maxTokens = CommonOptions.Number("--max-tokens", "The most tokens of one answer", 256, (1, 1_000_000));
        Option<float> temperature = new("--temperature") { Description = "0 is greedy (0 to 2)" };
        temperature.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<float>() is >= 0 and <= 2)
            {
                return;
            }

            result.AddError("--temperature must be 0 to 2");
        });
        Option<ulong> seed = new("--seed") { Description = "Determines every random choice" };
        Option<int> concurrency = CommonOptions.Number("--concurrency", "Prompts generated at once", 1, (1, 64));
        Command command = new(
            "generate",
            "Reads {\"prompt\"} or {\"prompt_ids\"} lines and writes {\"ids\", \"text\", \"finish_reason\"} lines in the same order")
        {
            model, precision, maxTokens, temperature, seed, concurrency,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            new GenerateSettings(
                parsed.GetValue(maxTokens), parsed.GetValue(temperature), parsed.GetValue(seed), parsed.GetValue(concurrency), parsed.GetValue(precision)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo model, GenerateSettings settings, CancellationToken cancellationToken)
    {
        await using OfflineEngine engine = OfflineEngine.Load(ModelDirectory.Existing(model), settings, cancellationToken);

        // answers leave in the order of their questions, however many are computed at once
        Queue<Task<OfflineAnswer>> open = new();
        await foreach (JsonElement line in JsonLines.ReadAsync(Console.In, cancellationToken))
        {
            if (open.Count == settings.Concurrency)
            {
                await WriteAsync(await open.Dequeue());
            }

            open.Enqueue(engine.GenerateAsync(Prompt(line, engine), cancellationToken));
        }

        while (open.TryDequeue(out Task<OfflineAnswer>? answer))
        {
            await WriteAsync(await answer);
        }

        return ExitCode.Ok;
    }

    private static int[] Prompt(JsonElement line, OfflineEngine engine) =>
        JsonLines.PromptIds(line) ?? engine.Encode(JsonLines.RequiredText(line, "prompt"));

    private static Task WriteAsync(OfflineAnswer answer) =>
        JsonLines.WriteAsync(Console.Out, new { ids = answer.Ids, text = answer.Text, finish_reason = answer.FinishReason });
}

internal sealed record GenerateSettings(int MaxTokens, float Temperature, ulong Seed, int Concurrency, ModelPrecision Precision);
