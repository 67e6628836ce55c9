using System.Runtime.InteropServices;
using DeepSeekOrleans.Engine.Onnx.Cuda;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Cuda;

public sealed class CudaInstallationTests
{
    [Fact]
    public void MissingLibraries_OfEveryKind_NamesThemAndWhatToInstall() => Assert.Equal(
        "Onnx:Provider is cuda, but the system does not find libcublasLt.so.13, libcublas.so.13, libcuda.so.1, libcudnn.so.9: "
        + "install the CUDA libraries of these versions and let LD_LIBRARY_PATH or ldconfig name their folder; install the NVIDIA driver; install cuDNN 9; "
        + "or set Onnx:Provider to cpu",
        CudaInstallation.MissingLibraries(["libcublasLt.so.13", "libcublas.so.13", "libcuda.so.1", "libcudnn.so.9"]));

    [Theory]
    [InlineData("libcudart.so.12", "install the CUDA libraries")]
    [InlineData("libcurand.so.10", "install the CUDA libraries")]
    [InlineData("libcuda.so.1", "install the NVIDIA driver")]
    [InlineData("libcudnn.so.9", "install cuDNN 9")]
    public void MissingLibraries_One_SaysWhatItBelongsTo(string library, string expected) =>
        Assert.Contains(expected, CudaInstallation.MissingLibraries([library]), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 0, "35 (CUDA driver version is insufficient for CUDA runtime version)", "CUDA error 35")]
    [InlineData(0, 0, null, "no GPU")]
    [InlineData(2, 2, null, "Onnx:DeviceId is 2, but this machine's GPUs are 0 to 1")]
    public void MissingDevice_NotThere_SaysWhatIs(int device, int count, string? error, string expected) =>
        Assert.Contains(expected, CudaInstallation.MissingDevice(device, (count, error)), StringComparison.Ordinal);

    [Fact]
    public void MissingDevice_There_IsNone() => Assert.Null(CudaInstallation.MissingDevice(1, (2, null)));

    // only what is really missing may be named, which differs between the builds and between machines
    [Fact]
    public void Problem_OfAMachineWithoutAGpu_NamesTheFirstThingThatIsMissing()
    {
        string? problem = ExecutionProviders.Problem(new OnnxRunnerOptions { Provider = ExecutionProviders.Cuda });
        bool hasProvider = Directory.EnumerateFiles(AppContext.BaseDirectory, "*onnxruntime_providers_cuda*", SearchOption.AllDirectories).Any();

        if (!hasProvider)
        {
            Assert.Equal(CudaInstallation.MissingProvider, problem);
        }
        else if (!NativeLibrary.TryLoad("libcuda.so.1", out _) && OperatingSystem.IsLinux())
        {
            Assert.Contains("libcuda.so.1", problem, StringComparison.Ordinal);
            Assert.Contains("install the NVIDIA driver", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AvailableBytes_OfAGpuThatIsNotThere_SaysWhy()
    {
        OnnxRunnerOptions options = new() { Provider = ExecutionProviders.Cuda, DeviceId = 63 };

        ProviderUnavailableException refused = Assert.Throws<ProviderUnavailableException>(() => ExecutionProviders.AvailableBytes(options));

        Assert.StartsWith("Onnx:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfTheRuntimeItself_NamesTheCLibrary()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string library = Directory.EnumerateFiles(AppContext.BaseDirectory, "libonnxruntime.so*", SearchOption.AllDirectories)
            .First(path => path.Contains("linux-x64", StringComparison.Ordinal) || Path.GetDirectoryName(path) == AppContext.BaseDirectory.TrimEnd('/'));

        Assert.Contains("libc.so.6", ElfNeeds.Read(library));
    }

    [Fact]
    public void Read_OfAnythingElse_IsEmpty() => Assert.Empty(ElfNeeds.Read(typeof(CudaInstallationTests).Assembly.Location));
}
