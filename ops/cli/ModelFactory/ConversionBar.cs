using DeepSeekOrleans.ModelFactory;
using Spectre.Console;

namespace DeepSeekOrleans.Cli.ModelFactory;

/// <summary>Two bars on the screen: reading the source, and writing what becomes of it.</summary>
internal static class ConversionBar
{
    /// <param name="hidden">Shows nothing: what is printed is for a program.</param>
    public static T Show<T>(bool hidden, Func<IProgress<ConversionProgress>?, T> convert) => hidden
        ? convert(null)
        : AnsiConsole.Progress().Start(screen => convert(new BarProgress(screen.AddTask("reading"), screen.AddTask("converting"))));

    private sealed class BarProgress(ProgressTask reading, ProgressTask converting) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            ProgressTask bar = value.Stage == ConversionStage.Hashing ? reading : converting;
            bar.MaxValue = Math.Max(1, value.BytesTotal);
            bar.Value = value.BytesDone;
        }
    }
}
