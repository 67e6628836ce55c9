using System.Diagnostics;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Architecture;
using DeepSeekOrleans.ModelFactory.Onnx;
using DeepSeekOrleans.ModelFactory.Precision.Rotation;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.ModelFactory.Precision;

/// <summary>The graph of a model in one precision.</summary>
internal static class PrecisionGraph
{
    public static GraphBuilder Build(DecoderConfig config, IWeightSource weights, ModelPrecision precision) => precision switch
    {
        ModelPrecision.Float32 => Plain(config, weights, new FloatForm(OnnxElement.Float)),
        ModelPrecision.Float16 => Plain(config, weights, new FloatForm(OnnxElement.Float16)),
        ModelPrecision.BFloat16 => Plain(config, weights, new FloatForm(OnnxElement.BFloat16)),
        ModelPrecision.Int8 => Int8(config, weights, PlainRun.Instance),
        ModelPrecision.Int4 => Plain(config, weights, Int4(config, weights, BlockFormat.WideEightBits, OnnxElement.Float)),
        ModelPrecision.Int4Wide when HoldsBlocks(config, weights) => throw new ModelFormatException(
            config.DescribedBy, "the weights are in 4-bit blocks already, which int4 takes over and int4-b128 would round a second time: choose int4"),
        ModelPrecision.Int4Wide when config.Experts is not null => throw new ModelFormatException(
            config.DescribedBy, "an expert computes any number of rows, and in blocks of 128 an odd one changes the answers of others: choose int4"),
        ModelPrecision.Int4Wide => Plain(config, weights, new Int4Form(BlockFormat.WideFourBits, BlockFormat.WideFourBits, OnnxElement.Float)),
        ModelPrecision.Int4Float16 => Plain(config, weights, Int4(config, weights, BlockFormat.EightBits, OnnxElement.Float16)),
        _ => throw new UnreachableException(),
    };

    /// <summary>
    /// The graph of a joined run, over the same constants; null where a row's bits could depend on how many others are multiplied with it.
    /// Sums of whole numbers cannot; those of floating-point numbers can, because kernels cut a product by its number of rows. So this is
    /// for int8, without experts, and without latent attention, whose folding is in floating point.
    /// </summary>
    public static GraphBuilder? Joined(DecoderConfig config, IWeightSource weights, ModelPrecision precision) =>
        precision == ModelPrecision.Int8 && config.Experts is null && config.Latent is null ? Int8(config, weights, JoinedRun.Instance) : null;

    /// <summary>
    /// The forms for CPUs that lose at most about half a percent of perplexity, the smallest first: rounding to 4 bits is none of them, since
    /// it cost the demo model 7.6 %.
    /// </summary>
    public static IReadOnlyList<ModelPrecision> LosingLittle(DecoderConfig config, IWeightSource weights) =>
        HoldsBlocks(config, weights) ? [ModelPrecision.Int4, ModelPrecision.Int8] : [ModelPrecision.Int8];

    private static GraphBuilder Plain(DecoderConfig config, IWeightSource weights, ILinearForm form) =>
        DecoderGraph.Build(config, weights, form, PlainRun.Instance);

    // A rotated embedding and a rotated head are two matrices, because the last norm's weights belong to one of them.
    private static GraphBuilder Int8(DecoderConfig config, IWeightSource weights, IRunForm run) => DecoderGraph.Build(
        config with { TiedEmbedding = false }, new RotatedWeights(weights, config), new Int8Form(inputsMayBeEmpty: config.Experts is not null), run);

    // One matrix tells: files of 4-bit blocks hold the largest matrices of a layer in them.
    private static bool HoldsBlocks(DecoderConfig config, IWeightSource weights)
    {
        const string Name = "model.layers.0.mlp.up_proj.weight";
        return weights.Names.Contains(Name) && weights.Get(Name, config.Intermediate, config.Hidden) is IBlockMatrix;
    }

    // What a file of blocks stores more exactly, and every head, keeps 8 bits.
    private static Int4Form Int4(DecoderConfig config, IWeightSource weights, BlockFormat exact, OnnxElement element) =>
        new(HoldsBlocks(config, weights) ? exact : BlockFormat.FourBits, exact, element);
}
