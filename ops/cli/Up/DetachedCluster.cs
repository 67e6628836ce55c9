using System.Diagnostics;
using System.Text.Json;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.Up;

/// <summary><c>up --detach</c>: the same command without the flag, in a process of its own whose output goes to a file.</summary>
internal static class DetachedCluster
{
    // how often the file is looked at while the cluster starts; a person does not notice it
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    public static async Task<int> StartAsync(UpSettings settings, CancellationToken cancellationToken)
    {
        string log = Path.Combine(StateFolder.Path("logs"), $"up-{settings.HttpPort}.jsonl");
        await File.WriteAllTextAsync(log, "", cancellationToken);
        using Process process = Process.Start(StartInfo(settings, log))
            ?? throw new CliException(ExitCode.Failed, "the process did not start");
        UpReport report = new(settings.Json);
        await foreach (string line in FollowAsync(log, process, cancellationToken))
        {
            if (Relay(line, report))
            {
                return ExitCode.Ok;
            }
        }

        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == ExitCode.Ok ? ExitCode.Failed : process.ExitCode;
    }

    private static ProcessStartInfo StartInfo(UpSettings settings, string log)
    {
        List<string> words = [.. OwnProgram.Words];
        words.AddRange(["up", "--json", "--silos", $"{settings.Silos}", "--port", $"{settings.HttpPort}"]);
        words.AddRange(["--frontends", $"{settings.Frontends}"]);
        words.AddRange(["--grpc-port", $"{settings.GrpcPort}", "--model", settings.Model.FullName, "--precision", settings.Precision.Word]);
        words.AddRange(["--kv-cache", settings.KvCache is null ? KvCacheOptions.Float : KvCacheOptions.Int8]);
        if (settings.CalibrationText is { } calibration)
        {
            words.AddRange(["--calibrate", calibration.FullName]);
        }

        words.AddRange(["--speculate", settings.Speculation]);
        words.AddRange(["--provider", settings.Provider, "--device", $"{settings.Device}"]);
        words.AddRange(["--slots", $"{settings.Slots}", "--context", $"{settings.Context}"]);
        if (settings.Redis is { } redis)
        {
            words.AddRange(["--redis", redis]);
        }

        if (settings.ApiKeys is { } keys)
        {
            words.AddRange(["--api-keys", keys.FullName]);
        }

        // the shell opens the file, so that the cluster holds neither this process's terminal nor its pipes
        return OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", $"/c \"\"{string.Join("\" \"", words)}\" > \"{log}\" 2>&1 < NUL\"") { CreateNoWindow = true }
            : new ProcessStartInfo("/bin/sh", ["-c", "exec nohup \"$@\" > \"$0\" 2>&1 < /dev/null", log, .. words]);
    }

    private static async IAsyncEnumerable<string> FollowAsync(
        string log, Process process, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using FileStream file = new(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(file);
        string rest = "";
        while (true)
        {
            // asked before reading, so that the last lines of a process that has just exited are still read
            bool exited = process.HasExited;
            rest += await reader.ReadToEndAsync(cancellationToken);
            for (int end = rest.IndexOf('\n', StringComparison.Ordinal); end >= 0; end = rest.IndexOf('\n', StringComparison.Ordinal))
            {
                yield return rest[..end];
                rest = rest[(end + 1)..];
            }

            if (exited)
            {
                yield break;
            }

            await Task.Delay(LookInterval, cancellationToken);
        }
    }

    /// <summary>Passes a line of the cluster on; true when it says that the cluster is ready.</summary>
    private static bool Relay(string line, UpReport report)
    {
        if (!line.StartsWith('{'))
        {
            Console.Error.WriteLine(line);
            return false;
        }

        UpEvent told = JsonSerializer.Deserialize(line, UpEventContext.Default.UpEvent)!;
        report.Tell(told);
        return told.Ready is not null;
    }
}
