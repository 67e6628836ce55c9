using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeepSeekOrleans.TestKit;

/// <summary>A real <c>redis-server</c> of the test's own on a free loopback port, which keeps nothing on disk.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private Process _process;

    private RedisServer(int port, Process process) => (Port, _process) = (port, process);

    public static bool IsInstalled { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>As StackExchange.Redis reads it.</summary>
    public string Address => $"127.0.0.1:{Port}";

    public static async Task<RedisServer> StartAsync()
    {
        int port = FreePorts.Take(1)[0];
        return new RedisServer(port, await LaunchAsync(port));
    }

    /// <summary>SIGKILL: everything that it held is lost.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>After <see cref="KillAsync"/>: an empty server on the same port.</summary>
    public async Task RestartAsync()
    {
        _process.Dispose();
        _process = await LaunchAsync(Port);
    }

    /// <summary>SIGSTOP: connections stay open and nobody answers.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>Sends one command without spaces in its parts and returns the first line of the answer.</summary>
    public async Task<string> SendAsync(params string[] command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join(' ', command) + "\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync() ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static async Task<Process> LaunchAsync(int port)
    {
        string[] arguments =
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--dir", Path.GetTempPath(),
        ];
        var process = Process.Start(new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true })!;
        try
        {
            await UntilReadyAsync(process.StandardOutput);
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }

        // what it prints later must be taken too: a full pipe would stop it
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return process;
    }

    private static async Task UntilReadyAsync(StreamReader output)
    {
        using CancellationTokenSource limit = new(StartLimit);
        StringBuilder printed = new();
        try
        {
            while (await output.ReadLineAsync(limit.Token) is { } line)
            {
                printed.AppendLine(line);
                if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"redis-server was not ready within {StartLimit}; it printed:\n{printed}");
        }

        throw new InvalidOperationException($"redis-server exited; it printed:\n{printed}");
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
