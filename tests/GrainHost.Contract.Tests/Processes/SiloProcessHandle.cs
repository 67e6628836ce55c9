using System.Diagnostics;
using System.Globalization;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Processes;

/// <summary>A silo in a process of its own.</summary>
internal sealed class SiloProcessHandle : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private SiloProcessHandle(Process process) => _process = process;

    public int Id => _process.Id;

    public static async Task<SiloProcessHandle> StartAsync(string redis, string cluster, string name)
    {
        int[] ports = FreePorts.Take(2);
        string program = Path.Combine(AppContext.BaseDirectory, "DeepSeekOrleans.GrainHost.Contract.SiloProcess.dll");
        Process process = Process.Start(new ProcessStartInfo("dotnet", [program, redis, cluster, name, $"{ports[0]}", $"{ports[1]}"])
        {
            RedirectStandardOutput = true,
        })!;
        SiloProcessHandle handle = new(process);
        string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(StartLimit);
        return line == "active" ? handle : throw new InvalidOperationException($"the silo {name} did not start; it printed: {line}");
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task SignalAsync(string signal)
    {
        CommandResult result = await CommandLine.RunAsync(new ProcessStartInfo("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]));
        Assert.Equal(0, result.ExitCode);
    }

    public Task WaitForExitAsync(TimeSpan limit) => _process.WaitForExitAsync().WaitAsync(limit);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }
}
