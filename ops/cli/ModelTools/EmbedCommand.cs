using System.CommandLine;
using System.Text.Json;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Embedding;
using DeepSeekOrleans.Engine.Onnx.Embeddings;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Cli.ModelTools;

internal static class EmbedCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> model = new("--model")
        {
            Description = "A directory with a BERT-style model.onnx, its tokenizer.json, and sentence-transformers files where there are any",
            Required = true,
        };
        Option<EmbeddingPooling?> pooling = new("--pooling")
        {
            Description = "cls or mean; by default as the directory's files say, or as the model family of its name is published",
        };
        Option<int> maxTokens = CommonOptions.Number("--max-tokens", "Tokens of one text before it is cut; 0 is the model's own limit", 0, (0, 1_048_576));
        Option<int> batch = CommonOptions.Number(
            "--batch", "Texts given to the model at once", 1, (1, 1024));
        Command command = new("embed", "Reads {\"text\"} lines and writes {\"embedding\", \"tokens\", \"truncated\"} lines in the same order")
        {
            model, pooling, maxTokens, batch,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(model),
            new EmbeddingModelOptions { Pooling = parsed.GetValue(pooling), MaxTokens = parsed.GetValue(maxTokens) },
            parsed.GetValue(batch),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        DirectoryInfo directory, EmbeddingModelOptions options, int batch, CancellationToken cancellationToken)
    {
        string path = ModelDirectory.Existing(directory);
        Tokenizer tokenizer = ModelText.Load(path).Tokenizer;
        OnnxEmbeddingModel model = OnnxEmbeddingModel.Load(path, options);
        if (model.IsPoolingAssumed)
        {
            await Console.Error.WriteLineAsync($"no file says the pooling; taking {model.Pooling}, by the directory's name (--pooling overrides it)");
        }

        EmbeddingOptions settings = new() { MaxBatch = batch, BatchWindow = batch == 1 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(20) };
        await using EmbeddingEngine engine = new(model, tokenizer, settings, TimeProvider.System, NullLogger<EmbeddingEngine>.Instance);
        engine.Start();

        // embeddings leave in the order of their texts, however many are computed at once
        Queue<Task<TextEmbedding>> open = new();
        await foreach (JsonElement line in JsonLines.ReadAsync(Console.In, cancellationToken))
        {
            if (open.Count == 2 * batch)
            {
                await WriteAsync(open.Dequeue());
            }

            open.Enqueue(Submit(engine, JsonLines.RequiredText(line, "text"), settings, cancellationToken));
        }

        while (open.TryDequeue(out Task<TextEmbedding>? embedding))
        {
            await WriteAsync(embedding);
        }

        return ExitCode.Ok;
    }

    private static Task<TextEmbedding> Submit(EmbeddingEngine engine, string text, EmbeddingOptions settings, CancellationToken cancellationToken) =>
        engine.Submit(text, out Task<TextEmbedding> embedding, cancellationToken) switch
        {
            AdmissionOutcome.Admitted => embedding,
            AdmissionOutcome.NeverFits => throw new CliException(ExitCode.WrongUsage, $"a text has {text.Length} characters; at most {settings.MaxTextLength} are taken"),
            AdmissionOutcome outcome => throw new CliException(ExitCode.Failed, $"the engine refused a text: {outcome}"),
        };

    private static async Task WriteAsync(Task<TextEmbedding> pending)
    {
        try
        {
            TextEmbedding embedding = await pending;
            await JsonLines.WriteAsync(Console.Out, new { embedding = embedding.Values, tokens = embedding.Tokens, truncated = embedding.Truncated });
        }
        catch (ModelRunException exception)
        {
            throw new CliException(ExitCode.Failed, $"the model failed: {exception.Message}", exception);
        }
    }
}
