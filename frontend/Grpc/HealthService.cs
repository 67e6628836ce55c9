using DeepSeekOrleans.Frontend.Grpc.Health.V1;
using DeepSeekOrleans.Frontend.Operations;
using Grpc.Core;
using ServingStatus = DeepSeekOrleans.Frontend.Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace DeepSeekOrleans.Frontend.Grpc;

/// <summary>The public gRPC health protocol, with the answer of <c>/health/ready</c>.</summary>
internal sealed class HealthService(Readiness readiness, TimeProvider time) : Health.V1.Health.HealthBase
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private static readonly string[] Services = ["", "deepseek.v1.Inference"];

    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        ServingStatus status = await StatusOfAsync(request.Service, context.CancellationToken).ConfigureAwait(false);
        return status == ServingStatus.ServiceUnknown
            ? throw new RpcException(new Status(StatusCode.NotFound, "unknown service"))
            : new HealthCheckResponse { Status = status };
    }

    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ServingStatus last = ServingStatus.Unknown;
        try
        {
            while (true)
            {
                ServingStatus status = await StatusOfAsync(request.Service, context.CancellationToken).ConfigureAwait(false);
                if (status != last)
                {
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status }).ConfigureAwait(false);
                }

                last = status;
                await Task.Delay(WatchInterval, time, context.CancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the watch has ended"));
        }
    }

    private async Task<ServingStatus> StatusOfAsync(string service, CancellationToken cancellationToken)
    {
        if (!Services.Contains(service))
        {
            return ServingStatus.ServiceUnknown;
        }

        ReadinessReport report = await readiness.ReportAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return report.IsReady ? ServingStatus.Serving : ServingStatus.NotServing;
    }
}
