using System.CommandLine;

namespace DeepSeekOrleans.Cli.ModelFactory;

internal static class ModelCommand
{
    public static Command Create() => new("model", "Makes model directories") { ImportModelCommand.Create(), RandomModelCommand.Create() };
}
