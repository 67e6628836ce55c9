namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// No worker may have more than its share of all sequences, and a quarter more, while another has less: a popular prefix makes its
/// holder busy, not overrun. Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016) with shares by KV slots.
/// </summary>
internal static class BoundedLoad
{
    public const double Factor = 1.25;

    // Of its slots. While so few run, a decode run costs its pass over the weights and hardly anything for each row, so a few streams
    // more disturb nobody; and where most workers are idle, a quarter more than the mean is less than one sequence.
    private const int LeastPart = 16;

    /// <summary>Whether the worker may take one more. Somebody always may, unless all are full.</summary>
    public static bool Allows(WorkerView worker, WorkerTable workers)
    {
        double share = (double)worker.Status.Slots / Math.Max(workers.Slots, 1);
        return worker.Load < Math.Max(Math.Ceiling(Factor * (workers.Load + 1) * share), Least(worker.Status.Slots));
    }

    /// <summary>What every worker may have: one that runs and one that follows it, or a part of its slots.</summary>
    public static int Least(int slots) => Math.Max(slots / LeastPart, 2);
}
