using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli;

/// <summary>Refuses what could not be computed here before minutes are spent on converting it.</summary>
internal static class Runnable
{
    /// <exception cref="CliException">The machine lacks what the provider needs; the message says what, and what to do.</exception>
    public static void RequireProvider(OnnxRunnerOptions options)
    {
        if (ExecutionProviders.Problem(options) is { } problem)
        {
            throw new CliException(ExitCode.Failed, problem);
        }
    }

    /// <exception cref="CliException">The provider has no kernels for this precision; the message says what to choose.</exception>
    public static void Require(ModelPrecision precision, string provider = ExecutionProviders.Cpu)
    {
        if (PrecisionSupport.Problem(provider, precision.Name()) is { } problem)
        {
            throw new CliException(ExitCode.WrongUsage, problem);
        }
    }

    /// <summary>The same for answering requests.</summary>
    /// <exception cref="CliException">The provider should not serve this precision; the message says what to choose.</exception>
    public static void RequireServing(ModelForm form, string provider = ExecutionProviders.Cpu)
    {
        if (PrecisionSupport.ServingProblem(provider, form.Name) is { } problem)
        {
            throw new CliException(ExitCode.WrongUsage, problem);
        }
    }
}
