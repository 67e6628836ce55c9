using DeepSeekOrleans.Engine.Onnx.Cuda;
using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Memory;

namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>What a session can be computed by: the values of <see cref="OnnxRunnerOptions.Provider"/>.</summary>
public static class ExecutionProviders
{
    public const string Cpu = "cpu";
    public const string Cuda = "cuda";

    /// <summary>Why this machine cannot compute by that provider, in one sentence with what to do; null where it can.</summary>
    public static string? Problem(OnnxRunnerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Provider switch
        {
            Cpu => null,
            Cuda => CudaInstallation.Problem(options.DeviceId),
            _ => $"Onnx:Provider is '{options.Provider}'; it must be {Cpu} or {Cuda}",
        };
    }

    /// <summary>Bytes that are free where models and KV caches of this provider lie.</summary>
    /// <exception cref="ProviderUnavailableException">The provider does not work here.</exception>
    public static long AvailableBytes(OnnxRunnerOptions options) => Device(options).AvailableBytes();

    /// <exception cref="ProviderUnavailableException">The provider does not work here.</exception>
    internal static ITensorDevice Device(OnnxRunnerOptions options) => Problem(options) is { } problem ? throw new ProviderUnavailableException(problem)
        : options.Provider == Cuda ? new CudaDevice(CudaRuntime.TryLoad()!, options.DeviceId)
        : HostDevice.Instance;
}

/// <summary>The machine lacks something that the chosen provider needs; the message says what, and what to do.</summary>
public sealed class ProviderUnavailableException(string message) : Exception(message);
