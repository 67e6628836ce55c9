using System.CommandLine;
using System.Text.RegularExpressions;

namespace DeepSeekOrleans.Cli.Up;

/// <summary><c>silo add|drain|kill NAME</c>: silos of a running cluster come and go.</summary>
internal static partial class SiloCommand
{
    public static Command Create() => new("silo", "Adds silos to the cluster that 'up' started on this machine, or takes them away")
    {
        Verb("add", "Starts one more silo and returns when its workers are ready", "added"),
        Verb("drain", "Hands a silo's streams to others and ends it; where there is no other it computes them first, up to Worker:DrainLimit", "drained"),
        Verb("kill", "Ends a silo's process at once, as a crash would", "killed"),
    };

    private static Command Verb(string verb, string description, string done)
    {
        Argument<string> name = new("name") { Description = "The silo's name" };
        name.Validators.Add(result =>
        {
            if (!Name().IsMatch(result.GetValueOrDefault<string>() ?? ""))
            {
                result.AddError("the silo's name must be 1 to 64 of the characters A-Z a-z 0-9 . _ - and begin with a letter or digit");
            }
        });
        Option<int> port = CommonOptions.Number("--port", "HTTP port of the cluster", 8080, (1, 65535));
        Command command = new(verb, description) { name, port };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string silo = parsed.GetRequiredValue(name);
            await ControlPipe.AskAsync(parsed.GetValue(port), new ControlRequest(verb, silo), cancellationToken);
            await Console.Out.WriteLineAsync($"{done} {silo}");
            return ExitCode.Ok;
        });
        return command;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Name();
}
