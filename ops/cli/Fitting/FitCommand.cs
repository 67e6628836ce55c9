using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using DeepSeekOrleans.Cli.ModelFactory;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Engine.Onnx.Memory;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.Fitting;
using Spectre.Console;

namespace DeepSeekOrleans.Cli.Fitting;

/// <summary><c>fit</c>: what of a model fits into the memory, said before anything is converted or loaded.</summary>
internal static class FitCommand
{
    private static readonly int[] SlotRows = [1, 4, 8, 16, 32, 64];

    public static Command Create()
    {
        Option<DirectoryInfo> model = CommonOptions.RequiredModel();
        Option<double> memory = new("--memory")
        {
            Description = "GiB for one silo; 0 takes what this machine has left",
            DefaultValueFactory = _ => 0,
        };
        memory.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<double>() is not (>= 0 and <= 1 << 20))
            {
                result.AddError("--memory must be 0 to 1048576");
            }
        });
        Option<int> slots = CommonOptions.Number("--slots", "Sequences that a silo computes at once", ServingPlan.DefaultSlots, (1, 1024));
        Option<PrecisionChoice> precision = CommonOptions.PrecisionOrAuto();
        Option<string> cache = KvCacheOptions.Form();
        Option<bool> json = CommonOptions.Flag("--json", "Print one JSON object instead of text");
        Command command = new("fit", "Says how much memory a model needs, and how many tokens of context fit") { model, precision, cache, memory, slots, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            string source = ModelDirectory.Existing(parsed.GetRequiredValue(model));
            bool isForProgram = parsed.GetValue(json);
            ModelPrecision form = parsed.GetValue(precision).Resolve(
                source, ExecutionProviders.Cpu, told => (isForProgram ? Console.Error : Console.Out).WriteLine(told), cancellationToken);
            return RunAsync(
                ModelFootprint.Read(source, form, parsed.GetRequiredValue(cache) == KvCacheOptions.Int8),
                (long)(parsed.GetValue(memory) * (1 << 30)),
                parsed.GetValue(slots),
                isForProgram);
        });
        return command;
    }

    private static async Task<int> RunAsync(ModelFootprint model, long memoryBytes, int slots, bool json)
    {
        long memory = memoryBytes > 0 ? memoryBytes : MachineMemory.AvailableBytes();
        var demand = new MemoryDemand(model.WeightBytes, model.KvBytesPerPosition);
        FitRow[] rows = [.. SlotRows.Append(slots).Order().Distinct().Select(count => new FitRow(
            count, Math.Min(model.ContextLength, demand.LongestContext(memory, count))))];
        bool fits = demand.Fits(memory, slots, model.ContextLength);
        if (json)
        {
            await JsonLines.WriteAsync(Console.Out, new FitReport(
                memory, model.WeightBytes, model.KvBytesPerPosition, model.ContextLength, slots, fits, rows));
        }
        else
        {
            Print(model, memory, slots, fits, rows);
        }

        return rows.Single(row => row.Slots == slots).Context >= 2 ? ExitCode.Ok : ExitCode.ModelRefused;
    }

    private static void Print(ModelFootprint model, long memory, int slots, bool fits, FitRow[] rows)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            memory   {memory / (double)(1 << 30):F1} GiB, of which a tenth is left to the process and the system
            weights  {model.WeightBytes / (double)(1 << 20):F1} MiB
            KV       {model.KvBytesPerPosition / 1024.0:F1} KiB for each token of context
            context  {model.ContextLength} tokens; with {slots} slots {(fits ? "all of it fits" : "it does not fit")}
            """));
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumns("slots", "longest context");
        foreach (FitRow row in rows)
        {
            table.AddRow($"{row.Slots}", row.Context >= 2 ? $"{row.Context}" : "does not fit");
        }

        AnsiConsole.Write(table);
    }

    private sealed record FitRow(
        [property: JsonPropertyName("slots")] int Slots,
        [property: JsonPropertyName("longest_context")] int Context);

    private sealed record FitReport(
        [property: JsonPropertyName("memory_bytes")] long Memory,
        [property: JsonPropertyName("weight_bytes")] long Weights,
        [property: JsonPropertyName("kv_bytes_per_token")] long Kv,
        [property: JsonPropertyName("context_length")] int Context,
        [property: JsonPropertyName("slots")] int Slots,
        [property: JsonPropertyName("fits")] bool Fits,
        [property: JsonPropertyName("rows")] IReadOnlyList<FitRow> Rows);
}
