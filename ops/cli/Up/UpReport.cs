using System.Text.Json;
using DeepSeekOrleans.ModelFactory;
using Spectre.Console;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>What <c>up</c> tells while it starts: lines for a person, or JSON lines for a program.</summary>
internal sealed class UpReport(bool json) : IProgress<ConversionProgress>
{
    // often enough to see that it moves, seldom enough that a small model does not fill the screen
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(0.5);

    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        ColorSystem = Console.IsOutputRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
    });

    private long _lastProgress = TimeProvider.System.GetTimestamp();

    /// <summary>Tells how far the conversion is, at most twice a second.</summary>
    public void Report(ConversionProgress value)
    {
        if (TimeProvider.System.GetElapsedTime(_lastProgress) >= ProgressInterval && value.BytesTotal > 0)
        {
            _lastProgress = TimeProvider.System.GetTimestamp();
            string stage = value.Stage == ConversionStage.Hashing ? "reading" : "converting";
            Tell(new UpEvent("converting", $"{stage} the model: {100 * value.BytesDone / value.BytesTotal} %"));
        }
    }

    public void Tell(UpEvent told)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(told, UpEventContext.Default.UpEvent));
        }
        else if (told.Ready is { } ready)
        {
            TellReady(ready);
        }
        else
        {
            _console.MarkupLineInterpolated($"[grey]{told.Text}[/]");
        }
    }

    private void TellReady(ReadyCluster ready)
    {
        _console.MarkupLineInterpolated($"[green]ready[/]: {ready.Model} on {string.Join(", ", ready.Silos)}");
        Console.Out.WriteLine($$"""
              OpenAI API  {{string.Join(", ", ready.Frontends.Select(frontend => $"{frontend.Http}/v1"))}}
              gRPC        {{string.Join(", ", ready.Frontends.Select(frontend => frontend.Grpc))}}

            Try:  dotnet run --project ops/cli -- chat --url {{ready.Http}} "What is a silo?"
            Or:   curl {{ready.Http}}/v1/chat/completions -H 'content-type: application/json' \
                    -d '{"model": "{{ready.Model}}", "messages": [{"role": "user", "content": "What is a silo?"}]}'
            Stop: Ctrl+C, or: dotnet run --project ops/cli -- down --port {{new Uri(ready.Http).Port}}
            """);
    }
}
