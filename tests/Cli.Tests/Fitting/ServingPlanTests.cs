using DeepSeekOrleans.Cli.Fitting;
using DeepSeekOrleans.ModelFactory.Fitting;

namespace DeepSeekOrleans.Cli.Tests.Fitting;

public sealed class ServingPlanTests
{
    private const long Gibibyte = 1L << 30;

    // the 1.5B shape in float32: 7.1 GB of weights, 56 KiB of keys and values for each token
    private static readonly ModelFootprint Model = new(WeightBytes: 7_100_000_000, KvBytesPerPosition: 57_344, ContextLength: 131_072);

    [Fact]
    public void For_MemoryForEverything_TakesTheModelsContext()
    {
        ServingPlan plan = ServingPlan.For(Model, 200 * Gibibyte, slots: 16, context: 0);

        Assert.Equal((131_072, false), (plan.Context, plan.IsCut));
    }

    [Fact]
    public void For_MemoryForLess_CutsTheContextToWhatFits()
    {
        ServingPlan plan = ServingPlan.For(Model, 20 * Gibibyte, slots: 16, context: 0);

        long used = Model.WeightBytes + (16 * Model.KvBytesPerPosition * plan.Context);
        Assert.True(plan.IsCut);
        Assert.InRange(used, 0.89 * 20 * Gibibyte, 0.9 * 20 * Gibibyte);
    }

    [Fact]
    public void For_AskedContextThatDoesNotFit_SaysHowManySlotsWould()
    {
        CliException refused = Assert.Throws<CliException>(() => ServingPlan.For(Model, 20 * Gibibyte, slots: 16, context: 32_768));

        Assert.Equal(ExitCode.ModelRefused, refused.Code);
        Assert.Contains("--slots 6", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void For_WeightsLargerThanTheMemory_SaysSo()
    {
        CliException refused = Assert.Throws<CliException>(() => ServingPlan.For(Model, 6 * Gibibyte, slots: 1, context: 0));

        Assert.Contains("weights alone", refused.Message, StringComparison.Ordinal);
    }
}
