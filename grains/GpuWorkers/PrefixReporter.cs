using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// Tells the router which prefixes the worker holds, each time from where the router says that it knows them. So nothing has to be
/// remembered of reports that were lost, and a router that has moved asks for everything by itself. One report at a time.
/// </summary>
internal sealed partial class PrefixReporter(WorkerKey worker, IPromptCacheGrain router, TimeProvider time, ILogger logger)
{
    // the clock makes it higher than that of a silo of the same name before
    private readonly long _epoch = time.GetUtcNow().UtcTicks;
    private long _known;

    /// <summary>A report that is not answered is told again with the next one.</summary>
    public async Task ReportAsync(InferenceEngine engine)
    {
        PrefixReport report = Since(_known, engine);
        try
        {
            // a router that knows more than this silo has told follows one of the same name, and asks for nothing
            _known = Math.Min(await router.ReportPrefixesAsync(report), report.UpTo);
        }
        catch (Exception e) when (UnansweredCall.Is(e))
        {
            Log.NotReported(logger, e, worker);
        }
    }

    private PrefixReport Since(long known, InferenceEngine engine)
    {
        var changes = engine.PrefixesSince(known);
        return new PrefixReport
        {
            Worker = worker,
            Epoch = _epoch,
            Since = known,
            UpTo = changes.Length == 0 ? known : changes.Max(held => held.Change),
            BlockTokens = engine.PrefixBlock,
            Slots = [.. changes.Select(held => new SlotPrefix(held.Slot, [.. held.Blocks]))],
        };
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {Worker} could not tell its router which prefixes it holds")]
        public static partial void NotReported(ILogger logger, Exception exception, WorkerKey worker);
    }
}
