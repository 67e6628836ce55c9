using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Which answers may be kept, and shared with equal requests.</summary>
internal static class AnswerCachePolicy
{
    /// <summary>
    /// An answer is kept when the same request would get the same again: a greedy one unless the client objects, a sampled one when the
    /// client names the seed and asks for it. Not with tools, because a call that is given again would be carried out again; and not
    /// when there are several answers, of which each has a seed of its own.
    /// </summary>
    public static bool Keeps(RequestedGeneration asked, SamplingOrder sampling, int choices)
    {
        bool isGreedy = sampling.Temperature == 0;
        bool isRepeatable = isGreedy || (asked.Seed is not null && asked.Cache == true);
        return isRepeatable && asked.Cache != false && !asked.OffersTools && choices == 1;
    }
}
