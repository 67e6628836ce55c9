using System.CommandLine;
using DeepSeekOrleans.Cli.Chat;
using DeepSeekOrleans.Cli.Fitting;
using DeepSeekOrleans.Cli.ModelFactory;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Cli.Up;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Cli;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        RootCommand root = new($"A private DeepSeek inference cluster.\n\n{ExitCode.Help}")
        {
            UpCommand.Create(),
            DownCommand.Create(),
            PsCommand.Create(),
            SiloCommand.Create(),
            MemberCommand.Create(),
            ChatCommand.Create(),
            TokenizeCommand.Create(),
            RenderCommand.Create(),
            GenerateCommand.Create(),
            LogitsCommand.Create(),
            PerplexityCommand.Create(),
            EmbedCommand.Create(),
            ModelCommand.Create(),
            FitCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync(error.Message);
            }

            await Console.Error.WriteLineAsync("Try 'deepseek --help'.");
            return ExitCode.WrongUsage;
        }

        return await InvokeAsync(parsed);
    }

    private static async Task<int> InvokeAsync(ParseResult parsed)
    {
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,

                // long enough for open streams to be told and grains to be deactivated
                ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
            });
        }
        catch (CliException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return exception.Code;
        }
        catch (ModelFormatException exception)
        {
            await Console.Error.WriteLineAsync($"the model is refused: {exception.Message}");
            return ExitCode.ModelRefused;
        }
        catch (OptionsValidationException exception)
        {
            await Console.Error.WriteLineAsync(string.Join('\n', exception.Failures));
            return ExitCode.WrongUsage;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync($"an unexpected failure, please report it: {exception}");
            return ExitCode.Failed;
        }
    }
}
