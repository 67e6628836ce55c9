using System.Diagnostics;
using System.Text.Json;
using DeepSeekOrleans.GrpcHost.Contract.Tests.Protos;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>A client in another language, run as a process for one scenario.</summary>
internal sealed record ForeignClient(string Program, string Script, string Contract)
{
    // A cold start of an interpreter on a busy machine takes seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "GrpcHost.Contract.Tests");

    /// <summary>@grpc/grpc-js, installed by the build from the lock file.</summary>
    public static ForeignClient Node { get; } = new("node", "client.js", Path.Combine(Folder, "Protos", "contract.proto"));

    /// <summary>grpcio of the system's Python, which on Debian and Ubuntu is the package python3-grpcio.</summary>
    public static ForeignClient Python { get; } = new(
        "/usr/bin/python3",
        "client.py",
        Convert.ToBase64String(ContractReflection.Descriptor.SerializedData.Span));

    /// <summary>Why the client cannot run here; null when it can.</summary>
    public string? Missing()
    {
        string probe = Program == "node" ? "require('@grpc/grpc-js')" : "import grpc, google.protobuf";
        try
        {
            using Process process = Start(Program == "node" ? "-e" : "-c", probe);
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{Program} has no gRPC package (Debian: apt-get install python3-grpcio python3-protobuf)";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"{Program} is not installed";
        }
    }

    /// <summary>Runs the scenario against the server; what the script has printed.</summary>
    public async Task<JsonElement> RunAsync(TestServer server, string scenario)
    {
        using Process process = Start(Script, server.Address.Authority, Contract, scenario);
        using CancellationTokenSource timeout = new(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"{Script} {scenario} still ran after {Patience}; output: {await output}; errors: {await errors}");
        }

        Assert.True(process.ExitCode == 0, $"{Script} {scenario} exited with {process.ExitCode}: {await errors}");
        return JsonDocument.Parse(await output).RootElement;
    }

    private Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(Program, arguments)
    {
        WorkingDirectory = Path.Combine(Folder, "clients"),
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        StandardOutputEncoding = System.Text.Encoding.UTF8,
        // A proxy of the environment is for other hosts than this one.
        Environment = { ["no_proxy"] = "127.0.0.1", ["PYTHONIOENCODING"] = "utf-8" },
    })!;
}

/// <summary>A fact for the system's Python; skipped, and saying so, where it has no gRPC.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    private static readonly string? Missing = ForeignClient.Python.Missing();

    public PythonFactAttribute() => Skip = Missing;
}
