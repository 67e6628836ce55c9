using System.Net;
using System.Net.Sockets;
using DeepSeekOrleans.Cli.Fitting;
using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.ModelFactory.Fitting;

namespace DeepSeekOrleans.Cli.Up;

/// <summary><c>up</c> in this process: prepare the model, start silos and frontend, run until asked to stop, stop in reverse order.</summary>
internal static class AttachedCluster
{
    public static async Task<int> RunAsync(UpSettings settings, CancellationToken cancellationToken)
    {
        UpReport report = new(settings.Json);
        string source = ModelDirectory.Existing(settings.Model);
        IReadOnlyList<ApiKeyLine> keys = settings.ApiKeys is null ? [] : ApiKeyFile.Read(settings.ApiKeys);
        OnnxRunnerOptions onnx = new() { Provider = settings.Provider, DeviceId = settings.Device };
        Runnable.RequireProvider(onnx);
        Runnable.RequireServing(new ModelForm(settings.Precision.Named, settings.KvCache), settings.Provider);
        for (int index = 0; index < settings.Frontends; index++)
        {
            RefuseTakenPort(settings.HttpPort + index, "--port");
            RefuseTakenPort(settings.GrpcPort + index, "--grpc-port");
        }

        report.Tell(new UpEvent("preparing", $"preparing the model in {source}"));
        PreparedModel model = await Task.Run(() => Prepare(settings, source, report, cancellationToken), cancellationToken);
        ServingPlan plan = ServingPlan.For(
            ModelFootprint.Read(model.Directory), ExecutionProviders.AvailableBytes(onnx) / settings.Silos, settings.Slots, settings.Context);
        if (plan.IsCut)
        {
            report.Tell(new UpEvent("fitting", plan.ToString()));
        }

        report.Tell(new UpEvent("loading", $"starting {settings.Silos} {(settings.Silos == 1 ? "silo" : "silos")} and {(settings.Frontends == 1 ? "the frontend" : $"{settings.Frontends} frontends")}"));
        await using IRunningCluster cluster = await StartAsync(
            settings,
            new LocalClusterSettings(ModelName(source), model, plan, settings.Silos, settings.HttpPort, settings.GrpcPort, keys)
            {
                Onnx = onnx,
                Speculation = settings.Speculation,
                Frontends = settings.Frontends,
            },
            report,
            cancellationToken);
        await Task.WhenAll(cluster.Ready.Frontends.Select(frontend => FrontendPresence.WaitAsync(frontend.Http, cancellationToken)));
        report.Tell(new UpEvent("ready", "ready", cluster.Ready));

        await using StopRequest? asked = await WaitForStopAsync(cluster, settings.HttpPort, cancellationToken);
        report.Tell(new UpEvent("stopping", "stopping"));
        await cluster.StopAsync();
        report.Tell(new UpEvent("stopped", "stopped"));
        return ExitCode.Ok;
    }

    private static PreparedModel Prepare(UpSettings settings, string source, UpReport report, CancellationToken cancellationToken)
    {
        ModelPrecision precision = settings.Precision.Resolve(
            source, settings.Provider, told => report.Tell(new UpEvent("choosing", told)), cancellationToken);
        return ModelConversion.Prepare(source, ModelDirectory.CacheRoot, new ModelForm(precision, settings.KvCache), report, cancellationToken);
    }

    /// <summary>A process for each silo where they can find each other; one silo alone needs none of its own.</summary>
    private static async Task<IRunningCluster> StartAsync(
        UpSettings settings, LocalClusterSettings cluster, UpReport report, CancellationToken cancellationToken)
    {
        bool isSplit = settings.Redis is not null || settings.Silos > 1 || settings.Frontends > 1;
        if (isSplit && settings.Redis is null && PrivateRedis.Program is null)
        {
            report.Tell(new UpEvent(
                "one-process", "redis-server is not on the PATH (Debian: apt-get install redis-server), so all silos and one frontend run in this process"));
            isSplit = false;
        }

        if (settings.Redis is { } redis)
        {
            await RedisPresence.WaitAsync(
                redis, () => report.Tell(new UpEvent("waiting", $"waiting for the Redis server at {redis}")), cancellationToken);
        }

        return isSplit
            ? await ProcessCluster.StartAsync(cluster, settings.Redis, cancellationToken)
            : await LocalCluster.StartAsync(cluster, cancellationToken);
    }

    private static async Task<StopRequest?> WaitForStopAsync(IRunningCluster cluster, int port, CancellationToken cancellationToken)
    {
        try
        {
            return await ControlPipe.ServeAsync(port, (request, cancellation) => AnswerAsync(cluster, request, cancellation), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C and SIGTERM are the ordinary way to stop what runs in a terminal or under a service manager
            return null;
        }
    }

    private static async Task<ControlAnswer> AnswerAsync(IRunningCluster cluster, ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            switch (request)
            {
                case { Verb: "list" }:
                    return new ControlAnswer { Silos = await cluster.ListAsync(cancellationToken), Frontends = cluster.Frontends };
                case { Verb: "add", Silo: { } name }:
                    await cluster.AddAsync(name, cancellationToken);
                    break;
                case { Verb: "drain", Silo: { } name }:
                    await cluster.DrainAsync(name, cancellationToken);
                    break;
                case { Verb: "kill", Silo: { } name }:
                    await cluster.KillAsync(name, cancellationToken);
                    break;
                default:
                    return new ControlAnswer($"the running cluster does not know '{request.Verb}'", ExitCode.RequestRefused);
            }

            return new ControlAnswer();
        }
        catch (CliException refused)
        {
            return new ControlAnswer(refused.Message, refused.Code);
        }
    }

    /// <summary>The name of the folder or of the GGUF file; a name may hold neither a slash nor a blank, since it becomes part of grain keys and addresses.</summary>
    private static string ModelName(string source) =>
        string.Concat((File.Exists(source) ? Path.GetFileNameWithoutExtension(source) : Path.GetFileName(Path.TrimEndingDirectorySeparator(source)))
            .Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-'));

    private static void RefuseTakenPort(int port, string option)
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException exception)
        {
            throw new CliException(
                ExitCode.AddressInUse, $"port {port} cannot be used ({exception.SocketErrorCode}); choose another with {option}", exception);
        }
    }
}
