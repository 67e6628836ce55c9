namespace DeepSeekOrleans.Engine.Onnx;

internal static class ContextLimit
{
    /// <summary>Positions per slot: what the options ask for, never more than the model was made for.</summary>
    public static int Of(OnnxRunnerOptions options, int modelContext) => options.ContextLength switch
    {
        0 => modelContext,
        // With one position, the kernel could not tell a first prompt from a continuation.
        1 => throw new ArgumentOutOfRangeException(nameof(options), 1, "Onnx:ContextLength must be at least 2"),
        int asked => asked <= modelContext
            ? asked
            : throw new ArgumentOutOfRangeException(nameof(options), asked, $"Onnx:ContextLength is beyond the model's {modelContext} positions"),
    };
}
