namespace DeepSeekOrleans.Simulation.Workload;

/// <param name="Name">For titles.</param>
/// <param name="BlockTokens">Tokens that a name stands for.</param>
/// <param name="Workers">The number of workers that the trace's own rate is meant for.</param>
/// <param name="Requests">In the order of their times.</param>
internal sealed record Trace(string Name, int BlockTokens, int Workers, TracedRequest[] Requests)
{
    /// <summary>Requests per second.</summary>
    public double Rate => Requests.Length / Requests[^1].At;

    /// <summary>The part of all prompt tokens that one cache which forgets nothing would hold when they come.</summary>
    public double InfiniteCacheHitRate()
    {
        var known = new HashSet<ulong>();
        long hits = 0;
        long tokens = 0;
        foreach (TracedRequest request in Requests)
        {
            int held = Array.FindIndex(request.Blocks, block => !known.Contains(block));
            hits += Math.Min((held < 0 ? request.Blocks.Length : held) * BlockTokens, request.PromptTokens - 1);
            tokens += request.PromptTokens;
            known.UnionWith(request.Blocks);
        }

        return (double)hits / tokens;
    }

    /// <summary>The same requests, coming faster.</summary>
    public Trace AtRate(double factor) => this with { Requests = [.. Requests.Select(request => request with { At = request.At / factor })] };

    /// <summary>What comes within the first seconds.</summary>
    public Trace First(double seconds) => this with { Requests = [.. Requests.TakeWhile(request => request.At <= seconds)] };

    /// <summary>
    /// For so many workers: as many copies as it takes, each of other users who come some seconds apart. What all requests of the trace
    /// share, a system prompt, is shared by the copies too.
    /// </summary>
    public Trace ForWorkers(int workers, int seed)
    {
        var random = new Random(seed);
        ulong? common = Requests[0].Blocks is [var first, ..] && Requests.All(request => request.Blocks.Length == 0 || request.Blocks[0] == first)
            ? first
            : null;
        IEnumerable<TracedRequest> copies = Enumerable.Range(0, workers / Workers).SelectMany(copy =>
        {
            double later = copy == 0 ? 0 : random.NextDouble() * 10;
            return Requests.Select(request => request with
            {
                At = request.At + later,
                Blocks = copy == 0 ? request.Blocks : [.. request.Blocks.Select(block => block == common ? block : block + ((ulong)copy << 40))],
            });
        });
        return this with { Workers = workers, Requests = [.. copies.OrderBy(request => request.At)] };
    }
}
