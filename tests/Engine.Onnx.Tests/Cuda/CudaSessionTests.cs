using System.ComponentModel.DataAnnotations;
using DeepSeekOrleans.Engine.Onnx.Cuda;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Cuda;

public sealed class CudaSessionTests
{
    [Fact]
    public void Options_ByDefault_AreThoseOfTheFirstGpuWithoutALimit()
    {
        Dictionary<string, string> options = CudaSession.Options(new OnnxRunnerOptions());

        Assert.Equal("0", options["device_id"]);
        Assert.Equal("0", options["enable_cuda_graph"]);
        Assert.Equal("1", options["enable_skip_layer_norm_strict_mode"]);
        Assert.DoesNotContain("gpu_mem_limit", options.Keys);
    }

    [Fact]
    public void Options_Chosen_AreWrittenAsTheProviderReadsThem()
    {
        Dictionary<string, string> options = CudaSession.Options(new OnnxRunnerOptions { DeviceId = 3, GpuMemoryLimitMiB = 40_960, CudaGraph = true });

        Assert.Equal(("3", "42949672960", "1"), (options["device_id"], options["gpu_mem_limit"], options["enable_cuda_graph"]));
    }

    [Theory]
    [InlineData("cpu", true)]
    [InlineData("cuda", true)]
    [InlineData("CUDA", false)]
    [InlineData("cuda:0", false)]
    public void Provider_OfTheOptions_IsOneOfTwo(string provider, bool valid)
    {
        OnnxRunnerOptions options = new() { Provider = provider };

        Assert.Equal(valid, Validator.TryValidateObject(options, new ValidationContext(options), validationResults: null, validateAllProperties: true));
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("int8")]
    [InlineData("int4")]
    [InlineData("int4-b128")]
    public void Problem_FloatActivationsOnCuda_SaysWhatToChoose(string precision) =>
        Assert.Contains("choose bf16 or fp16, or int4-fp16", PrecisionSupport.Problem("cuda", precision), StringComparison.Ordinal);

    [Theory]
    [InlineData("fp16")]
    [InlineData("bf16")]
    [InlineData("int4-fp16")]
    public void ServingProblem_SixteenBitsOnCuda_IsNone(string precision) => Assert.Null(PrecisionSupport.ServingProblem("cuda", precision));
}
