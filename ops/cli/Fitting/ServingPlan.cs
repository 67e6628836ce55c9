using System.Globalization;
using DeepSeekOrleans.Engine.Onnx.Memory;
using DeepSeekOrleans.ModelFactory.Fitting;

namespace DeepSeekOrleans.Cli.Fitting;

/// <summary>How many sequences of how many tokens a silo is to hold.</summary>
/// <param name="Slots">Sequences at once.</param>
/// <param name="Context">Tokens of prompt and answer.</param>
/// <param name="ModelContext">What the model was made for.</param>
/// <param name="IsCut">Nobody asked for less than the model's context, but the memory has no room for all of it.</param>
internal sealed record ServingPlan(int Slots, int Context, int ModelContext, bool IsCut)
{
    public const int DefaultSlots = 16;

    // less would surprise people more than a refusal
    private const int LeastContext = 2048;

    /// <summary>Takes what was asked for; a context of 0 becomes the model's own, or the longest that fits.</summary>
    /// <param name="memoryBytes">For one silo.</param>
    /// <exception cref="CliException">It does not fit; the message says what would.</exception>
    public static ServingPlan For(ModelFootprint model, long memoryBytes, int slots, int context)
    {
        var demand = new MemoryDemand(model.WeightBytes, model.KvBytesPerPosition);
        int wanted = context > 0 ? Math.Min(context, model.ContextLength) : Math.Min(LeastContext, model.ContextLength);
        if (!demand.Fits(memoryBytes, slots, wanted))
        {
            throw new CliException(ExitCode.ModelRefused, Refusal(demand, memoryBytes, slots, wanted));
        }

        int served = context > 0 ? wanted : Math.Min(model.ContextLength, demand.LongestContext(memoryBytes, slots));
        return new ServingPlan(slots, served, model.ContextLength, IsCut: context == 0 && served < model.ContextLength);
    }

    public override string ToString() => $"serving {Context} of {ModelContext} tokens of context: that is what the memory has room for with {Slots} slots";

    private static string Refusal(MemoryDemand demand, long memoryBytes, int slots, int context)
    {
        int most = demand.MostSlots(memoryBytes, context);
        string fits = demand.LongestContext(memoryBytes, slots: 1) < 2
            ? "the weights alone are too large for it"
            : most > 0
            ? $"{most} slots of this context would fit (--slots {most})"
            : $"one slot of {demand.LongestContext(memoryBytes, slots: 1)} tokens would fit";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{slots} slots of {context} tokens need {Gibibytes(demand.Total(slots, context)):F1} GiB, and a silo has {Gibibytes(memoryBytes):F1} GiB: {fits}; 'deepseek fit' shows more");
    }

    private static double Gibibytes(long bytes) => bytes / (double)(1 << 30);
}
