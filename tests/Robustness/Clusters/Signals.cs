using System.Diagnostics;
using System.Globalization;

namespace DeepSeekOrleans.Robustness.Clusters;

/// <summary>What an operating system does to a process.</summary>
internal static class Signals
{
    public static Task KillAsync(int process) => SendAsync("KILL", process);

    public static Task FreezeAsync(int process) => SendAsync("STOP", process);

    public static Task ThawAsync(int process) => SendAsync("CONT", process);

    public static Task TerminateAsync(int process) => SendAsync("TERM", process);

    public static bool Runs(int process) => Directory.Exists($"/proc/{process}");

    private static async Task SendAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", ["-s", signal, process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"no process {process} takes SIG{signal}");
        }
    }
}
