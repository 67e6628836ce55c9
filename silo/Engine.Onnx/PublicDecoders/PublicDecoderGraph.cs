using System.Globalization;
using DeepSeekOrleans.Language;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.PublicDecoders;

/// <summary>The inputs and outputs of a decoder as others export it: a mask over all positions, and a past that grows.</summary>
internal sealed record PublicDecoderGraph
{
    private const string LogitsToKeep = "num_logits_to_keep";

    public required IReadOnlyList<GraphInput> Inputs { get; init; }

    /// <summary>Keys of layer 0, values of layer 0, keys of layer 1, and so on.</summary>
    public required string[] PastNames { get; init; }

    /// <summary>The logits, then what becomes the past of the next run, in the order of <see cref="PastNames"/>.</summary>
    public required string[] OutputNames { get; init; }

    public required TensorElementType CacheElement { get; init; }

    public required int KeyValueHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int Vocabulary { get; init; }

    public required int ContextLength { get; init; }

    /// <exception cref="ModelFormatException">An input is not understood, an output is missing, or a size cannot be found out.</exception>
    public static PublicDecoderGraph Read(InferenceSession session, DecoderDescription description)
    {
        string file = description.GraphFile;
        int layers = Enumerable.Range(0, session.InputMetadata.Count)
            .TakeWhile(layer => session.InputMetadata.ContainsKey(Name(description.PastKeys, layer)))
            .Count();
        string[] past = Interleaved(description.PastKeys, description.PastValues, layers);
        string[] outputs = [description.Logits, .. Interleaved(description.PresentKeys, description.PresentValues, layers)];
        Require(file, layers > 0 && past.All(session.InputMetadata.ContainsKey), $"the graph has no '{description.PastKeys}' inputs");
        string? missing = outputs.FirstOrDefault(name => !session.OutputMetadata.ContainsKey(name));
        Require(file, missing is null, $"the graph has no output '{missing}'");

        NodeMetadata cache = session.InputMetadata[past[0]];
        Require(file, cache.Dimensions is [_, > 0, _, > 0], "the KV cache has no fixed number of heads and head size");
        Require(file, cache.ElementDataType is TensorElementType.Float or TensorElementType.Float16, "the KV cache is neither float32 nor float16");
        int vocabulary = session.OutputMetadata[description.Logits].Dimensions is [.., int last and > 0] ? last : description.Vocabulary;
        Require(file, vocabulary > 1, "neither the graph nor its configuration says the size of the vocabulary");
        Require(file, description.ContextLength > 1, "no configuration beside the graph says its context length");
        return new PublicDecoderGraph
        {
            Inputs = [.. session.InputMetadata.Where(input => !past.Contains(input.Key)).Select(input => Understand(file, description, input))],
            PastNames = past,
            OutputNames = outputs,
            CacheElement = cache.ElementDataType,
            KeyValueHeads = cache.Dimensions[1],
            HeadSize = cache.Dimensions[3],
            Vocabulary = vocabulary,
            ContextLength = description.ContextLength,
        };
    }

    private static GraphInput Understand(string file, DecoderDescription description, KeyValuePair<string, NodeMetadata> input)
    {
        InputMeaning? meaning = input.Key switch
        {
            _ when input.Key == description.InputIds => InputMeaning.Tokens,
            _ when input.Key == description.AttentionMask => InputMeaning.Mask,
            _ when input.Key == description.PositionIds => InputMeaning.Positions,
            LogitsToKeep => InputMeaning.LogitsToKeep,
            _ => null,
        };
        Require(file, meaning is not null, $"the graph's input '{input.Key}' is not understood");
        Require(
            file, input.Value.ElementDataType is TensorElementType.Int64 or TensorElementType.Int32, $"the graph's input '{input.Key}' is neither int64 nor int32");
        return new GraphInput(input.Key, meaning!.Value, input.Value.ElementDataType, input.Value.Dimensions.Length);
    }

    private static string[] Interleaved(string keys, string values, int layers) =>
        [.. Enumerable.Range(0, layers).SelectMany(layer => (string[])[Name(keys, layer), Name(values, layer)])];

    private static string Name(string pattern, int layer) =>
        pattern.Replace("%d", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static void Require(string file, bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ModelFormatException(file, otherwise);
        }
    }
}

internal enum InputMeaning
{
    Tokens,
    Mask,
    Positions,
    LogitsToKeep,
}

internal sealed record GraphInput(string Name, InputMeaning Meaning, TensorElementType Element, int Rank);
