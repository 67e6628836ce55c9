using DeepSeekOrleans.Engine.Onnx.Cuda;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx;

internal static class SessionSettings
{
    public static SessionOptions Create(OnnxRunnerOptions options)
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
        if (options.Provider == ExecutionProviders.Cuda)
        {
            CudaSession.Append(session, options);
        }

        return session;
    }
}
