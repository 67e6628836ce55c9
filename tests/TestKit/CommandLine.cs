using System.Diagnostics;
using System.Text;

namespace DeepSeekOrleans.TestKit;

public sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Runs programs as a person would and keeps what they print.</summary>
public static class CommandLine
{
    // far above what any command of the tests needs on a busy machine
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static Task<CommandResult> DeepSeekAsync(string input, params string[] arguments) =>
        RunAsync(StartInfo(arguments), input);

    public static ProcessStartInfo StartInfo(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "deepseek.dll"), .. arguments]);
        start.Environment["DEEPSEEK_STATE"] = Path.Combine(AppContext.BaseDirectory, "deepseek-state");
        start.Environment["DEEPSEEK_CACHE"] = Path.Combine(AppContext.BaseDirectory, "deepseek-cache");
        return start;
    }

    public static async Task<CommandResult> RunAsync(ProcessStartInfo start, string input = "")
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.StandardInputEncoding = start.StandardOutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using CancellationTokenSource limit = new(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(
                $"'{start.FileName} {string.Join(' ', start.ArgumentList)}' ran over {Limit}; output: {await output} error: {await error}");
        }

        return new CommandResult(process.ExitCode, await output, await error);
    }
}
