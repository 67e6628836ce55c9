using System.Runtime.InteropServices;

namespace DeepSeekOrleans.Grains.Routing;

/// <summary>
/// Finds the prefixes that get more than one worker's share of the requests, which a second and a third worker should hold too.
/// Counts by name, of the last few thousand requests: all counts are halved from time to time, and what falls to nothing is forgotten.
/// </summary>
/// <param name="window">Requests between two halvings; no more prefixes than twice that are remembered.</param>
internal sealed class HotPrefixes(int window = 4096)
{
    public const int MostReplicas = 3;

    // fewer requests than this say nothing about a share
    private const int FewestRequests = 4;

    private readonly Dictionary<ulong, int> _counts = [];
    private int _requests;
    private int _sinceHalving;

    public int Count => _counts.Count;

    /// <summary>Counts a request, whatever its prefix.</summary>
    public void CountRequest()
    {
        if (_sinceHalving++ == window)
        {
            Halve();
        }

        _requests++;
    }

    /// <summary>Notes the prefix of the request that was counted last, and tells how many workers should hold it.</summary>
    public int Replicas(ulong block, int workers)
    {
        int count = ++CollectionsMarshal.GetValueRefOrAddDefault(_counts, block, out _);
        return count < FewestRequests ? 1 : (int)Math.Min(1 + ((long)count * workers / _requests), MostReplicas);
    }

    private void Halve()
    {
        _sinceHalving = 1;
        _requests /= 2;
        foreach ((ulong block, int count) in _counts)
        {
            // both are allowed while a dictionary is walked through
            if (count == 1)
            {
                _counts.Remove(block);
            }
            else
            {
                CollectionsMarshal.GetValueRefOrNullRef(_counts, block) = count / 2;
            }
        }
    }
}
