namespace DeepSeekOrleans.Embedded.Grpc.Client;

internal static class TaskExtensions
{
    /// <summary>Marks a failure as seen, for tasks that a caller may rightly never await.</summary>
    public static void ObserveFault(this Task task) => task.ContinueWith(
        static failed => failed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
