namespace DeepSeekOrleans.Engine.Onnx.Tests;

public sealed class PrecisionSupportTests
{
    [Theory]
    [InlineData("cpu", "fp32")]
    [InlineData("cpu", "int8")]
    [InlineData("cpu", "int4")]
    [InlineData("cpu", "int4-b128")]
    [InlineData("cpu", "int4-fp16")]
    [InlineData("cpu", "int8, kv int8")]
    [InlineData("cpu", "fp32, kv int8")]
    [InlineData("cpu", "as exported")]
    [InlineData("cpu", null)]
    public void ServingProblem_OfWhatACpuServes_IsNone(string provider, string? precision) =>
        Assert.Null(PrecisionSupport.ServingProblem(provider, precision));

    [Fact]
    public void Problem_Int8CacheOnCuda_SaysWhereItIsFor() =>
        Assert.StartsWith("an int8 KV cache is for CPUs", PrecisionSupport.Problem("cuda", "int8, kv int8"), StringComparison.Ordinal);

    [Fact]
    public void Problem_Float16OnACpu_IsNoneButServingIs()
    {
        Assert.Null(PrecisionSupport.Problem("cpu", "fp16"));
        Assert.Contains("choose fp32", PrecisionSupport.ServingProblem("cpu", "fp16"), StringComparison.Ordinal);
    }
}
