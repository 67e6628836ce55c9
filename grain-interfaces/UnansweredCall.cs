using Orleans.Runtime;

namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>How a call to the cluster fails that has not been answered; whether it was carried out is not known then.</summary>
public static class UnansweredCall
{
    /// <summary>
    /// The runtime has refused the call or lost it, or its time is over. A silo that was frozen gives the calls that have waited in it back as
    /// cancelled; so this is to be asked only of calls that the caller itself cannot have cancelled.
    /// </summary>
    public static bool Is(Exception exception) => exception is OrleansException or TimeoutException or OperationCanceledException;
}
