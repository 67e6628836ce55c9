using System.CommandLine;
using DeepSeekOrleans.Cli.Fitting;
using DeepSeekOrleans.Cli.ModelFactory;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.Up;

internal static class UpCommand
{
    private const int MaxPort = 65535;

    public static Command Create()
    {
        Option<int> silos = CommonOptions.Number("--silos", "Silos; more than one run in a process each if there is a Redis server", 1, (1, 8));
        Option<int> frontends = CommonOptions.Number(
            "--frontends", "Frontends; each runs in a process of its own and listens on the next HTTP and gRPC port", 1, (1, 8));
        Option<string?> redis = new("--redis")
        {
            Description = "host:port of the Redis server where the processes find each other; by default a redis-server from the PATH is started",
        };
        Option<int> port = CommonOptions.Number("--port", "HTTP port on the loopback address", 8080, (1, 65535));
        Option<int> grpcPort = CommonOptions.Number("--grpc-port", "gRPC port on the loopback address", 50051, (1, 65535));
        Option<DirectoryInfo> model = new("--model")
        {
            Description = "The model directory or GGUF file to serve; by default the demo model",
            DefaultValueFactory = _ => ModelDirectory.Demo,
        };
        Option<PrecisionChoice> precision = CommonOptions.PrecisionOrAuto();
        KvCacheOptions cache = new();
        Option<string> speculate = new("--speculate")
        {
            Description = "prompt-lookup drafts what stood there before, for a faster lone answer with the same tokens; it needs --kv-cache int8",
            DefaultValueFactory = _ => EngineOptions.SpeculationOff,
        };
        speculate.AcceptOnlyFromAmong(EngineOptions.SpeculationOff, EngineOptions.SpeculationByPromptLookup);
        Option<string> provider = new("--provider")
        {
            Description = "What computes: cpu, or cuda for an NVIDIA GPU, which needs --precision bf16, fp16 or int4-fp16",
            DefaultValueFactory = _ => ExecutionProviders.Cpu,
        };
        provider.AcceptOnlyFromAmong(ExecutionProviders.Cpu, ExecutionProviders.Cuda);
        Option<int> device = CommonOptions.Number("--device", "The number of the GPU", 0, (0, 63));
        Option<int> slots = CommonOptions.Number("--slots", "Sequences that a silo computes at once", ServingPlan.DefaultSlots, (1, 1024));
        Option<int> context = CommonOptions.Number(
            "--context", "Tokens of prompt and answer; 0 takes the model's own, or what the memory has room for", 0, (0, 4_194_304));
        Option<FileInfo?> keys = new("--api-keys")
        {
            Description = "A file of lines 'tenant sha256-of-key-in-hex'; without it every local request is accepted",
        };
        Option<bool> detach = CommonOptions.Flag("--detach", "Return when the cluster is ready and leave it running; stop it with 'down'");
        Option<bool> json = CommonOptions.Flag("--json", "Print JSON lines instead of text");
        Command command = new("up", "Starts a cluster on this machine and prints its addresses when it is ready")
        {
            silos, frontends, port, grpcPort, model, precision, speculate, provider, device, slots, context, keys, redis, detach, json,
        };
        cache.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new UpSettings
            {
                Silos = parsed.GetValue(silos),
                Frontends = parsed.GetValue(frontends),
                HttpPort = parsed.GetValue(port),
                GrpcPort = parsed.GetValue(grpcPort),
                Model = parsed.GetRequiredValue(model),
                Precision = parsed.GetValue(precision),
                KvCache = cache.Read(parsed),
                CalibrationText = cache.Text(parsed),
                Speculation = parsed.GetRequiredValue(speculate),
                Provider = parsed.GetRequiredValue(provider),
                Device = parsed.GetValue(device),
                Slots = parsed.GetValue(slots),
                Context = parsed.GetValue(context),
                ApiKeys = parsed.GetValue(keys),
                Redis = parsed.GetValue(redis),
                Json = parsed.GetValue(json),
            },
            parsed.GetValue(detach),
            cancellationToken));
        return command;
    }

    private static Task<int> RunAsync(UpSettings settings, bool detach, CancellationToken cancellationToken) =>
        Math.Abs(settings.HttpPort - settings.GrpcPort) < settings.Frontends
            ? throw new CliException(ExitCode.WrongUsage, "--port and --grpc-port must differ, and by at least the number of frontends")
        : Math.Max(settings.HttpPort, settings.GrpcPort) + settings.Frontends - 1 > MaxPort
            ? throw new CliException(ExitCode.WrongUsage, $"the last frontend's port would be above {MaxPort}")
        : settings.Speculation != EngineOptions.SpeculationOff && settings.KvCache is null
            ? throw new CliException(ExitCode.WrongUsage, $"--speculate needs --kv-cache {KvCacheOptions.Int8}: a draft cannot be verified exactly without it")
        : detach ? DetachedCluster.StartAsync(settings, cancellationToken) : AttachedCluster.RunAsync(settings, cancellationToken);
}

internal sealed record UpSettings
{
    public required int Silos { get; init; }

    public int Frontends { get; init; } = 1;

    /// <summary>Of the first frontend, as the next.</summary>
    public required int HttpPort { get; init; }

    public required int GrpcPort { get; init; }

    public required DirectoryInfo Model { get; init; }

    public required PrecisionChoice Precision { get; init; }

    /// <summary>See <see cref="ModelForm.KvCache"/>.</summary>
    public Int8KvCache? KvCache { get; init; }

    /// <summary>Null where none was named.</summary>
    public FileInfo? CalibrationText { get; init; }

    /// <summary>See <see cref="EngineOptions.Speculation"/>.</summary>
    public string Speculation { get; init; } = EngineOptions.SpeculationOff;

    /// <summary>See <see cref="OnnxRunnerOptions.Provider"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>See <see cref="OnnxRunnerOptions.DeviceId"/>.</summary>
    public required int Device { get; init; }

    public required int Slots { get; init; }

    /// <summary>0 for the model's own, or what the memory has room for.</summary>
    public required int Context { get; init; }

    public FileInfo? ApiKeys { get; init; }

    /// <summary>Null where none was named.</summary>
    public string? Redis { get; init; }

    public bool Json { get; init; }
}
