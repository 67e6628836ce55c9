using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Architecture;

internal static class NormSettings
{
    /// <summary>The attributes of an RMS norm over the last axis.</summary>
    public static AttributeProto[] NormAttributes(this DecoderConfig config) =>
        [GraphBuilder.Attribute("axis", -1), GraphBuilder.Attribute("epsilon", config.NormEpsilon)];
}
