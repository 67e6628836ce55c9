using System.Text.Json.Serialization;
using DeepSeekOrleans.Frontend.OpenAi;

namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>Probes for whoever starts and routes to this process.</summary>
internal sealed class HealthEndpoints(Readiness readiness, Liveness liveness)
{
    /// <summary>Liveness is local: it depends on nothing but this process.</summary>
    public Task LiveAsync(HttpContext context)
    {
        string[] problems = liveness.Problems;
        context.Response.StatusCode = problems.Length == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        var body = new HealthBody(problems.Length == 0 ? "live" : "stuck", problems);
        return context.Response.WriteJsonAsync(body, HealthJsonContext.Default.HealthBody, context.RequestAborted);
    }

    public async Task ReadyAsync(HttpContext context)
    {
        ReadinessReport report = await readiness.ReportAsync().WaitAsync(context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = report.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        var body = new HealthBody(report.IsReady ? "ready" : "not_ready", [.. report.Reasons]);
        await context.Response.WriteJsonAsync(body, HealthJsonContext.Default.HealthBody, context.RequestAborted).ConfigureAwait(false);
    }
}

/// <param name="Reasons">What is missing; may be filled even when the process is ready for other models.</param>
internal sealed record HealthBody(string Status, string[] Reasons);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthBody))]
internal sealed partial class HealthJsonContext : JsonSerializerContext;
