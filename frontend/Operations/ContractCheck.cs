using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>
/// Keeps this frontend from a cluster that speaks another version of the contract: it does not start there, and stops when the silos have
/// all been replaced by such meanwhile.
/// </summary>
internal sealed partial class ContractCheck(
    IGrainFactory grains, ContractVersion version, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ContractCheck> logger)
    : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    // the start waits no longer for a silo that has died; then the next look decides
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>Why the frontend stopped by itself; null as long as it need not.</summary>
    public ContractMismatchException? Refusal { get; private set; }

    /// <exception cref="ContractMismatchException">The cluster speaks another version.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await CheckAsync().ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await CheckAsync().ConfigureAwait(false);
            }
            catch (ContractMismatchException refusal)
            {
                Refusal = refusal;
                Log.Leaving(logger, refusal.Message);
                lifetime.StopApplication();
                return;
            }
        }
    }

    private async Task CheckAsync()
    {
        int spoken;
        try
        {
            spoken = await grains.GetGrain<IContractGrain>(IContractGrain.Key).ReadVersionAsync().WaitAsync(AnswerLimit, time).ConfigureAwait(false);
        }
        catch (Exception unknown) when (UnansweredCall.Is(unknown) || unknown is ArgumentException)
        {
            // no silo is there to speak another version
            Log.NotAnswered(logger, unknown);
            return;
        }

        if (spoken != version.Number)
        {
            throw new ContractMismatchException(
                $"this frontend speaks version {version.Number} of the grain contract and the cluster speaks version {spoken}, so it does not serve: "
                + "start it from the build that the silos run");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "The frontend stops: {Reason}")]
        public static partial void Leaving(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "No silo has told its contract version")]
        public static partial void NotAnswered(ILogger logger, Exception exception);
    }
}
