using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// Follows the numbered changes of each worker's prefixes. A report that does not go on where the one before ended is not taken, and
/// the answer says from where the worker has to tell again: after a lost report, an engine that began anew, or a router that moved.
/// </summary>
/// <param name="blockTokens">Workers that report blocks of another size are routed to without regard to their prefixes.</param>
internal sealed class PrefixReports(int blockTokens)
{
    private readonly Dictionary<int, (long Epoch, long Known)> _known = [];

    public PrefixIndex Index { get; } = new();

    /// <returns>The change up to which the worker's prefixes are known.</returns>
    public long Take(int worker, PrefixReport report)
    {
        (long epoch, long known) = _known.GetValueOrDefault(worker);
        if (report.BlockTokens != blockTokens)
        {
            return report.UpTo;
        }

        if (report.Epoch < epoch)
        {
            return known;
        }

        if (report.Epoch > epoch)
        {
            Forget(worker);
            known = 0;
        }

        // one that overlaps is taken whole, one that is older than what is known has nothing new
        if (report.Since <= known && report.UpTo > known)
        {
            foreach (SlotPrefix held in report.Slots)
            {
                Index.Set(worker, held.Slot, held.Blocks);
            }

            known = report.UpTo;
        }

        _known[worker] = (report.Epoch, known);
        return known;
    }

    /// <summary>The worker has gone, or holds nothing of what it told.</summary>
    public void Forget(int worker)
    {
        _known.Remove(worker);
        Index.Clear(worker);
    }
}
