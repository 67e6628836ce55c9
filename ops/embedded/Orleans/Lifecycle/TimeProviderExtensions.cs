namespace DeepSeekOrleans.Embedded.Lifecycle;

internal static class TimeProviderExtensions
{
    /// <summary>A timer whose callbacks run outside the context of whoever made it: a request's values must not live on in it.</summary>
    public static ITimer CreateDetachedTimer(this TimeProvider time, Action callback, TimeSpan dueTime, TimeSpan period)
    {
        bool isFlowing = !ExecutionContext.IsFlowSuppressed();
        if (isFlowing)
        {
            ExecutionContext.SuppressFlow();
        }

        try
        {
            return time.CreateTimer(static state => ((Action)state!)(), callback, dueTime, period);
        }
        finally
        {
            if (isFlowing)
            {
                ExecutionContext.RestoreFlow();
            }
        }
    }
}
