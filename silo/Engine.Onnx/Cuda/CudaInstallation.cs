using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace DeepSeekOrleans.Engine.Onnx.Cuda;

/// <summary>What ONNX Runtime's CUDA provider needs of a machine, and what of it is missing.</summary>
internal static partial class CudaInstallation
{
    private const string CudnnLibrary = "libcudnn.so.9";

    private static readonly string ProviderFile =
        OperatingSystem.IsWindows() ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";

    /// <summary>Why no session can be made on this GPU, in one sentence with what to do; null when all is there.</summary>
    public static string? Problem(int device)
    {
        if (FindProvider() is not { } provider)
        {
            return MissingProvider;
        }

        string[] missing = OperatingSystem.IsLinux()
            ? [.. ElfNeeds.Read(provider).Append(CudnnLibrary).Where(name => !NativeLibrary.TryLoad(name, out _))]
            : [];
        return missing.Length > 0 ? MissingLibraries(missing)
            : CudaRuntime.TryLoad() is not { } runtime ? MissingLibraries(["libcudart.so"])
            : MissingDevice(device, runtime.CountDevices());
    }

    public static string MissingProvider =>
        $"Onnx:Provider is cuda, but {ProviderFile} is not beside the application: build with -p:OnnxRuntimeGpu=true, which fetches the npm package "
        + "com.github.asus4.onnxruntime.linux-x64-gpu, or with -p:PackageSet=official, which brings Microsoft.ML.OnnxRuntime.Gpu; or set Onnx:Provider to cpu";

    /// <param name="libraries">File names that the system's loader did not find.</param>
    public static string MissingLibraries(IReadOnlyList<string> libraries)
    {
        IEnumerable<string> remedies = libraries.Select(Remedy).Distinct();
        return $"Onnx:Provider is cuda, but the system does not find {string.Join(", ", libraries)}: {string.Join("; ", remedies)}; or set Onnx:Provider to cpu";
    }

    public static string? MissingDevice(int device, (int Count, string? Error) found) => found switch
    {
        (_, { } error) => $"Onnx:Provider is cuda, but the driver offers no GPU, CUDA error {error}: check 'nvidia-smi' and that its driver is as new as the CUDA libraries",
        (0, _) => "Onnx:Provider is cuda, but this machine has no GPU that CUDA can use: check 'nvidia-smi'",
        (int count, _) when device >= count => $"Onnx:DeviceId is {device}, but this machine's GPUs are 0 to {count - 1}",
        _ => null,
    };

    private static string Remedy(string library) => library switch
    {
        "libcuda.so.1" => "install the NVIDIA driver",
        _ when library.StartsWith("libcudnn", StringComparison.Ordinal) => "install cuDNN 9",
        _ when CudaLibrary().IsMatch(library) => "install the CUDA libraries of these versions and let LD_LIBRARY_PATH or ldconfig name their folder",
        _ => $"install what {library} belongs to",
    };

    // as the application lies when it is built, and as a package's native files lie in a portable one
    private static string? FindProvider() => ((string[])
        [
            AppContext.BaseDirectory,
            Path.Combine(AppContext.BaseDirectory, "runtimes", OperatingSystem.IsWindows() ? "win-x64" : "linux-x64", "native"),
        ])
        .Select(folder => Path.Combine(folder, ProviderFile))
        .FirstOrDefault(File.Exists);

    [GeneratedRegex("^lib(cublas|cublasLt|cudart|cufft|curand|nvrtc|nvJitLink)\\.so")]
    private static partial Regex CudaLibrary();
}
