using DeepSeekOrleans.Frontend.Generation;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>
/// Before this process says that it is ready, some short requests go the whole way to the first workers that are there. What is compiled,
/// opened and looked up at its first use is so before the first client comes.
/// </summary>
internal sealed partial class Rehearsal(
    ReadyWorkers workers, ModelCatalog catalog, RehearsedRequest request, IOptions<FrontendOptions> options, TimeProvider time, ILogger<Rehearsal> logger)
    : BackgroundService
{
    // several for each worker, since the routers choose; that many at once keep none of them busy for longer than a moment
    private const int PerWorker = 4;
    private const int MaxPerModel = 32;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly TimeSpan _limit = options.Value.RehearsalLimit;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the requests have been answered, or their limit is over.</summary>
    public Task Ended => _ended.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (_limit > TimeSpan.Zero)
            {
                await PlayAsync(await FirstWorkersAsync(stoppingToken).ConfigureAwait(false), stoppingToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _ended.SetResult();
        }
    }

    private async Task<ModelReadiness[]> FirstWorkersAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            ModelReadiness[] models = await workers.CountAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
            if (models.Any(model => model.Ready > 0))
            {
                return models;
            }

            await Task.Delay(LookInterval, time, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task PlayAsync(ModelReadiness[] models, CancellationToken stoppingToken)
    {
        long begin = time.GetTimestamp();
        using var limit = new CancellationTokenSource(_limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stoppingToken);
        int[] statuses = await Task.WhenAll(models.SelectMany(model => Play(model, linked.Token))).ConfigureAwait(false);
        int refused = statuses.Count(status => status != StatusCodes.Status200OK);
        TimeSpan took = time.GetElapsedTime(begin);
        Log.Rehearsed(logger, statuses.Length, refused, took);
    }

    private IEnumerable<Task<int>> Play(ModelReadiness model, CancellationToken cancellationToken) =>
        Enumerable.Range(0, Math.Min(PerWorker * model.Ready, MaxPerModel))
            .Select(number => request.PlayAsync(catalog.Find(model.Model), number, cancellationToken));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Played} requests were rehearsed in {Took}, {Refused} of them were refused")]
        public static partial void Rehearsed(ILogger logger, int played, int refused, TimeSpan took);
    }
}
