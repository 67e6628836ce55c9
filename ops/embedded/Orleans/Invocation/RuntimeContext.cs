using DeepSeekOrleans.Embedded.Activation;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>The activation whose turn this thread runs.</summary>
internal static class RuntimeContext
{
    [ThreadStatic]
    private static GrainActivation? _current;

    public static GrainActivation? Current
    {
        get => _current;
        set => _current = value;
    }
}
