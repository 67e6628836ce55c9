using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Silo;

/// <summary>
/// Answers the probes of whoever starts and routes to this process. Liveness depends on nothing outside it: neither Redis nor another
/// silo, nor how busy an engine is.
/// </summary>
internal sealed partial class HealthListener(SiloHealth health, IOptions<SiloHostOptions> options, ILogger<HealthListener> logger)
    : BackgroundService
{
    private readonly HttpListener _listener = new();

    /// <summary>It answers from here on, also while models load.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.HealthPort == 0)
        {
            return Task.CompletedTask;
        }

        _listener.Prefixes.Add($"http://127.0.0.1:{options.Value.HealthPort}/");
        _listener.Start();
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _listener.Close();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenRegistration stop = stoppingToken.Register(_listener.Stop);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Answer(await _listener.GetContextAsync());
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
            {
                // one connection that went away, or the stop, which ends the loop
                Log.NotAnswered(logger, e);
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        (HttpStatusCode code, HealthBody body) = context.Request.Url?.AbsolutePath switch
        {
            "/health/live" => Live(),
            "/health/ready" => Ready(),
            _ => (HttpStatusCode.NotFound, new HealthBody("unknown", ["the paths are /health/live and /health/ready"])),
        };
        context.Response.StatusCode = (int)code;
        context.Response.ContentType = "application/json";
        context.Response.Close(JsonSerializer.SerializeToUtf8Bytes(body, HealthJsonContext.Default.HealthBody), willBlock: false);
    }

    private (HttpStatusCode Code, HealthBody Body) Live()
    {
        string[] stuck = [.. health.Stuck.Select(worker => $"worker {worker} makes no progress and could not be helped")];
        return stuck.Length == 0 ? (HttpStatusCode.OK, new HealthBody("live", [])) : (HttpStatusCode.ServiceUnavailable, new HealthBody("stuck", stuck));
    }

    private (HttpStatusCode Code, HealthBody Body) Ready()
    {
        IEnumerable<string> reasons =
            from worker in health.Workers
            where worker.State != WorkerState.Ready
            select $"worker {worker.Worker}: {worker.Problem ?? "it loads its model"}";
        return health.IsReady ? (HttpStatusCode.OK, new HealthBody("ready", []))
            : health.IsStopping ? (HttpStatusCode.ServiceUnavailable, new HealthBody("stopping", ["the silo takes no new work and leaves"]))
            : (HttpStatusCode.ServiceUnavailable, new HealthBody("not_ready", [.. reasons]));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "A health probe was not answered")]
        public static partial void NotAnswered(ILogger logger, Exception exception);
    }
}

internal sealed record HealthBody(string Status, string[] Reasons);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthBody))]
internal sealed partial class HealthJsonContext : JsonSerializerContext;
