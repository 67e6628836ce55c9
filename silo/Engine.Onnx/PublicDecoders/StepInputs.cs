using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.PublicDecoders;

/// <summary>Makes the tensors that a graph asks for beside its past, in the whole-number type that it declares.</summary>
internal static class StepInputs
{
    public static OrtValue Create(GraphInput input, int position, ReadOnlySpan<int> tokens, int logitRows)
    {
        int total = position + tokens.Length;
        return input.Meaning switch
        {
            InputMeaning.Tokens => Tensor(input, [.. tokens], 1, tokens.Length),
            InputMeaning.Positions => Tensor(input, [.. Enumerable.Range(position, tokens.Length)], 1, tokens.Length),
            // Every position up to the last new one counts: there is no padding in a batch of one.
            InputMeaning.Mask => Tensor(input, [.. Enumerable.Repeat(1, total)], 1, total),
            _ => Tensor(input, [logitRows], input.Rank == 0 ? [] : [1]),
        };
    }

    private static OrtValue Tensor(GraphInput input, int[] values, params long[] shape) => input.Element == TensorElementType.Int32
        ? OrtValue.CreateTensorValueFromMemory(values, shape)
        : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (long)value), shape);
}
