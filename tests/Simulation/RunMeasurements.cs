using DeepSeekOrleans.Simulation.Workers;

namespace DeepSeekOrleans.Simulation;

/// <summary>What one run of a trace showed.</summary>
internal sealed class RunMeasurements
{
    private readonly List<double> _firstTokens = [];
    private readonly List<double> _routings = [];
    private long _promptTokens;
    private long _cachedTokens;
    private bool _sorted;

    public int Refusals { get; private set; }

    public int Requests => _firstTokens.Count + Refusals;

    /// <summary>Seconds from a request's arrival to its first token.</summary>
    public double MeanFirstToken => _firstTokens.Average();

    /// <summary>The part of all prompt tokens that workers held already.</summary>
    public double HitRate => (double)_cachedTokens / _promptTokens;

    /// <summary>The sequences on the busiest worker, averaged over the time of arrivals, as a multiple of those on all.</summary>
    public double Imbalance { get; private set; }

    /// <summary>Processor time of the router per request, in microseconds; the mean.</summary>
    public double RoutingMicroseconds => _routings.Average();

    /// <summary>The same, of 99 in 100 requests.</summary>
    public double RoutingP99Microseconds => _routings.Order().ElementAt((int)(0.99 * (_routings.Count - 1)));

    /// <summary>The part of all requests, refused ones included, whose first token came within so many seconds.</summary>
    public double Within(double seconds) => (double)_firstTokens.Count(first => first <= seconds) / Requests;

    public double FirstToken(double percentile)
    {
        if (!_sorted)
        {
            _firstTokens.Sort();
            _sorted = true;
        }

        return _firstTokens[(int)(percentile * (_firstTokens.Count - 1))];
    }

    public void Routed(TimeSpan took) => _routings.Add(took.TotalMicroseconds);

    public void Refused() => Refusals++;

    public void Ended(SimulatedSequence sequence)
    {
        _firstTokens.Add(sequence.FirstTokenAt - sequence.Request.At);
        _promptTokens += sequence.Request.PromptTokens;
        _cachedTokens += sequence.CachedTokens;
    }

    /// <param name="sequenceSeconds">Of each worker.</param>
    public void ArrivalsEnd(IEnumerable<double> sequenceSeconds)
    {
        double[] loads = [.. sequenceSeconds];
        Imbalance = loads.Max() / loads.Average();
    }
}
