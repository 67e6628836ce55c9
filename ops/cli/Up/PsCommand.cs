using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace DeepSeekOrleans.Cli.Up;

internal static class PsCommand
{
    public static Command Create()
    {
        Option<int> port = CommonOptions.Number("--port", "HTTP port of the cluster", 8080, (1, 65535));
        Option<bool> json = CommonOptions.Flag("--json", "Print the silos as a JSON array instead of tables");
        Command command = new("ps", "Lists the silos and frontends of the cluster that 'up' started on this machine") { port, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(port), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int port, bool json, CancellationToken cancellationToken)
    {
        ControlAnswer answer = await ControlPipe.AskAsync(port, new ControlRequest("list"), cancellationToken);
        SiloState[] silos = [.. answer.Silos ?? []];
        await Console.Out.WriteLineAsync(json ? JsonSerializer.Serialize(silos, ControlContext.Default.SiloStateArray) : $"{Table(silos)}\n\n{Table(answer.Frontends ?? [])}");
        return ExitCode.Ok;
    }

    private static string Table(IReadOnlyList<FrontendState> frontends) => string.Join(
        '\n',
        frontends
            .Select(frontend => string.Create(CultureInfo.InvariantCulture, $"{frontend.Http,-24} {frontend.ProcessId,8} {frontend.State}"))
            .Prepend($"{"FRONTEND",-24} {"PID",8} STATE"));

    private static string Table(SiloState[] silos)
    {
        IEnumerable<string> rows = silos.Select(silo => string.Create(
            CultureInfo.InvariantCulture,
            $"{silo.Name,-16} {silo.ProcessId,8} {silo.State,-9} {silo.Workers,7} {silo.OpenStreams,12} {silo.ResidentTokens,15}"));
        return string.Join('\n', rows.Prepend($"{"NAME",-16} {"PID",8} {"STATE",-9} {"WORKERS",7} {"OPEN_STREAMS",12} {"RESIDENT_TOKENS",15}"));
    }
}
