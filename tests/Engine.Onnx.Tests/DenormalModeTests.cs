namespace DeepSeekOrleans.Engine.Onnx.Tests;

public sealed class DenormalModeTests
{
    [Fact]
    public void Load_OnAnyThread_LeavesItsDenormalsAlone()
    {
        float smallest = float.Epsilon;

        using (IModelRunner runner = OnnxModel.Load(DemoModel.Prepare(), new OnnxRunnerOptions { Slots = 1, IntraOpThreads = 1 }))
        {
            runner.Prefill(0, 0, [1, 2, 3], new float[runner.Shape.Vocabulary]);
        }

        Assert.True(DoubleOf(smallest) > 0, "the thread treats denormals as zero after a run");
    }

    // computed on this thread at run time, not folded by the compiler
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static float DoubleOf(float value) => value * 2;
}
