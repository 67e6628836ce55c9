using System.Collections.Concurrent;

namespace DeepSeekOrleans.Frontend.Operations;

/// <summary>
/// Whether this process should be started anew. A frontend itself never says so; silos that share its process may, when their engine
/// hangs for good.
/// </summary>
public sealed class Liveness
{
    private readonly ConcurrentBag<Func<IEnumerable<string>>> _sources = [];

    /// <summary>Why nothing but a new process will help; empty as long as it lives.</summary>
    public string[] Problems => [.. _sources.SelectMany(source => source())];

    /// <param name="problems">Asked at each probe; it may neither block nor ask anybody outside the process.</param>
    public void Watch(Func<IEnumerable<string>> problems) => _sources.Add(problems);
}
