using Xunit;

namespace DeepSeekOrleans.TestKit;

/// <summary>A fact that needs the shared data folder; where it is absent the test is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute() => Skip = SharedDataSkip.Reason;
}

/// <summary>A theory that needs the shared data folder; where it is absent the test is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    public SharedDataTheoryAttribute() => Skip = SharedDataSkip.Reason;
}

internal static class SharedDataSkip
{
    public static string? Reason => SharedData.Exists ? null : "needs ../shared/data beside the checkout (tokenizers, models, references)";
}
