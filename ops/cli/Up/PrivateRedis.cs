using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>
/// A <c>redis-server</c> of this cluster's own on a free port of loopback, which keeps nothing on disk and ends with it, also when this
/// process is killed.
/// </summary>
internal sealed class PrivateRedis : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    // redis-server does not read its input, so a shell does: it ends with this process, however that ends, and then the server goes too
    private const string EndsWithItsInput = """
        "$0" "$@" &
        cat > /dev/null
        kill -KILL $!
        wait $!
        """;

    private readonly Process _process;
    private readonly int _port;

    private PrivateRedis(Process process, int port)
    {
        _process = process;
        _port = port;
    }

    /// <summary>The program on the PATH; null when it is not installed.</summary>
    public static string? Program => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "redis-server.exe" : "redis-server"))
        .FirstOrDefault(File.Exists);

    public string Address => $"127.0.0.1:{_port}";

    public static async Task<PrivateRedis> StartAsync(string program, CancellationToken cancellationToken)
    {
        int port = LocalPorts.Free(1)[0];
        string[] words =
            [program, "--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning", "--logfile", ""];
        ProcessStartInfo start = OperatingSystem.IsWindows() ? new(program, words[1..]) : new("/bin/sh", ["-c", EndsWithItsInput, .. words]);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        Process process = Process.Start(start) ?? throw new CliException(ExitCode.Failed, "redis-server did not start");
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        PrivateRedis redis = new(process, port);
        try
        {
            await redis.WaitUntilItListensAsync(cancellationToken);
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(OperatingSystem.IsWindows() ? TimeSpan.Zero : StopLimit, TimeProvider.System);
        }
        catch (Exception stuck) when (stuck is IOException or TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitUntilItListensAsync(CancellationToken cancellationToken)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port), cancellationToken);
                return;
            }
            catch (SocketException refused)
            {
                if (_process.HasExited || TimeProvider.System.GetElapsedTime(started) > StartLimit)
                {
                    throw new CliException(ExitCode.Failed, $"redis-server does not listen on port {_port}", refused);
                }
            }

            await Task.Delay(LookInterval, cancellationToken);
        }
    }
}
