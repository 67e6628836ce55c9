using System.CommandLine;

namespace DeepSeekOrleans.Cli.Up;

internal static class DownCommand
{
    public static Command Create()
    {
        Option<int> port = CommonOptions.Number("--port", "HTTP port of the cluster to stop", 8080, (1, 65535));
        Command command = new("down", "Stops the cluster that 'up' started on this machine") { port };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(port), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int port, CancellationToken cancellationToken)
    {
        await ControlPipe.AskAsync(port, new ControlRequest("down"), cancellationToken);
        await Console.Out.WriteLineAsync("stopped");
        return ExitCode.Ok;
    }
}
