using DeepSeekOrleans.Cli.ModelTools;
using DeepSeekOrleans.Engine.Onnx;
using DeepSeekOrleans.Engine.Onnx.Calibration;
using DeepSeekOrleans.ModelFactory;

namespace DeepSeekOrleans.Cli.ModelFactory;

/// <summary>What <c>--precision</c> says where it may leave the choice to a measurement.</summary>
/// <param name="Named">Nothing where <see cref="IsAuto"/>.</param>
internal readonly record struct PrecisionChoice(ModelPrecision Named, bool IsAuto)
{
    public const string Auto = "auto";

    /// <summary>As on the command line.</summary>
    public string Word => IsAuto ? Auto : Named.Name();

    /// <summary>The form that was named, or the one that was measured to be fastest for a model, now or at an earlier start.</summary>
    /// <param name="tell">Is told what was chosen and why; not called where a form was named.</param>
    /// <exception cref="CliException">Forms for a GPU are not measured.</exception>
    public ModelPrecision Resolve(string source, string provider, Action<string> tell, CancellationToken cancellationToken)
    {
        if (!IsAuto)
        {
            return Named;
        }

        if (provider != ExecutionProviders.Cpu)
        {
            throw new CliException(ExitCode.WrongUsage, "--precision auto chooses among forms for a CPU: choose bf16, fp16 or int4-fp16 with CUDA");
        }

        FormChoice choice = FormChoice.Make(source, ModelDirectory.CacheRoot, StepTimes.Measure, cancellationToken);
        tell($"precision {choice.Precision.Name()}: {choice.Reason}");
        return choice.Precision;
    }
}
