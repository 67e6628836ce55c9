namespace DeepSeekOrleans.Language.Tests;

/// <summary>Tests that measure time run alone, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TimingCollection
{
    public const string Name = "Timing";
}
