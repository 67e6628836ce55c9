using DeepSeekOrleans.Simulation.Workers;
using DeepSeekOrleans.Simulation.Workload;

namespace DeepSeekOrleans.Simulation;

/// <summary>
/// The throughput within the objective: the highest rate at which nine of ten requests have their first token in time. A trace is
/// made faster until they have not, and the rate is halved in on to 2 %.
/// </summary>
internal sealed class SloSearch(WorkerCosts costs, double firstTokenSeconds)
{
    private const double Part = 0.9;
    private const double Tolerance = 1.02;

    /// <returns>Requests per second, and the factor on the trace's own rate.</returns>
    public (double PerSecond, double Factor) Find(Trace trace, string policy)
    {
        (double low, double high) = (0, 1);
        while (Meets(trace, policy, high) && high < 64)
        {
            (low, high) = (high, 2 * high);
        }

        low = low == 0 ? 1.0 / 16 : low;
        while (high / low > Tolerance)
        {
            double middle = Math.Sqrt(low * high);
            (low, high) = Meets(trace, policy, middle) ? (middle, high) : (low, middle);
        }

        return (low * trace.Rate, low);
    }

    private bool Meets(Trace trace, string policy, double factor) =>
        new ClusterSimulation(trace.AtRate(factor), costs, Policies.Create(policy, seed: 1)).Run().Within(firstTokenSeconds) >= Part;
}
