using DeepSeekOrleans.Engine.Onnx.Cuda;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx;

internal static class SessionSettings
{
    /// <param name="takesTurns">The session is one of two of a runner, of which only one computes at a time.</param>
    public static SessionOptions Create(OnnxRunnerOptions options, bool takesTurns = false)
    {
        SessionOptions session = new()
        {
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            InterOpNumThreads = 1,
            // Never 0: then the runtime would pin its threads, and the sessions of two workers to the same cores.
            IntraOpNumThreads = options.IntraOpThreads > 0 ? options.IntraOpThreads : PhysicalCores.Count,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // A saturated softmax leaves denormals, on which a product of attention was measured at a quarter of its speed.
        session.AddSessionConfigEntry("session.set_denormal_as_zero", DenormalMode.IsSupported ? "1" : "0");
        session.AddSessionConfigEntry("session.intra_op.allow_spinning", options.AllowSpinning ? "1" : "0");
        if (takesTurns)
        {
            // each has threads of its own: those that wait for the next run would slow the other session's to half its speed
            session.AddSessionConfigEntry("session.force_spinning_stop", "1");
        }

        if (options.Provider == ExecutionProviders.Cuda)
        {
            CudaSession.Append(session, options);
        }

        return session;
    }
}
