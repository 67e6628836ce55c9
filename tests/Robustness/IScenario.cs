namespace DeepSeekOrleans.Robustness;

/// <summary>A kind of fault, and what the cluster promises under it.</summary>
internal interface IScenario
{
    /// <summary>Of the promise, for example R01.</summary>
    string Id { get; }

    /// <summary>In a few words.</summary>
    string Promise { get; }

    Task RunAsync(Run run);
}
