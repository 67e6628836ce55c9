using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace DeepSeekOrleans.TestKit;

/// <summary>A cluster in a process of its own, started by <c>deepseek up</c> on free ports.</summary>
public sealed class ClusterProcess : IAsyncDisposable
{
    // each further frontend listens on the next ports
    private const int MaxFrontends = 2;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly Process _process;

    private readonly ConcurrentQueue<string> _printed;

    private ClusterProcess(Process process, JsonElement ready, ConcurrentQueue<string> printed)
    {
        _process = process;
        _printed = printed;
        Http = new Uri(ready.GetProperty("http").GetString()!);
        Frontends = [.. ready.GetProperty("frontends").EnumerateArray().Select(frontend => new Uri(frontend.GetProperty("http").GetString()!))];
        Grpc = ready.GetProperty("grpc").GetString()!;
        Model = ready.GetProperty("model").GetString()!;
    }

    /// <summary>Of the first frontend.</summary>
    public Uri Http { get; }

    /// <summary>The HTTP addresses of all.</summary>
    public IReadOnlyList<Uri> Frontends { get; }

    /// <summary>The gRPC address as host:port.</summary>
    public string Grpc { get; }

    public string Model { get; }

    public int ProcessId => _process.Id;

    /// <summary>Everything that the process has printed so far.</summary>
    public string Printed => string.Join('\n', _printed);

    public static Task<ClusterProcess> StartAsync(params string[] arguments) => StartAsync(new Dictionary<string, string>(), arguments);

    /// <param name="options">Options of silo and frontend as environment variables, for example <c>DEEPSEEK_Engine__MaxWaiting</c>.</param>
    public static async Task<ClusterProcess> StartAsync(IReadOnlyDictionary<string, string> options, params string[] arguments)
    {
        int port = FreePorts.TakeRun(MaxFrontends);
        int grpcPort = FreePorts.TakeRun(MaxFrontends);
        ProcessStartInfo start = CommandLine.StartInfo(["up", "--json", "--port", $"{port}", "--grpc-port", $"{grpcPort}", .. arguments]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach ((string name, string value) in options)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        ConcurrentQueue<string> printed = new();
        TaskCompletionSource<JsonElement> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("the cluster exited before it was ready"));
        process.ErrorDataReceived += (_, line) => printed.Enqueue(line.Data ?? "");
        process.OutputDataReceived += (_, line) =>
        {
            printed.Enqueue(line.Data ?? "");
            if (line.Data is { } text && text.StartsWith('{') && JsonElement.Parse(text).TryGetProperty("ready", out JsonElement told))
            {
                ready.TrySetResult(told);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            return new ClusterProcess(process, await ready.Task.WaitAsync(StartLimit), printed);
        }
        catch (Exception exception)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"the cluster did not start; it printed:\n{string.Join('\n', printed)}", exception);
        }
    }

    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync().WaitAsync(limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
