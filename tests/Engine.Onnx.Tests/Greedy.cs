using System.Numerics.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>The plainest use of a runner: prefill, then decode the largest logit.</summary>
internal static class Greedy
{
    // where a reference's own margin is smaller, another order of additions may choose the other token
    public const float NearTie = 1e-2f;

    /// <summary>Feeds a prompt in chunks and returns the logits after its last token.</summary>
    public static float[] Prefill(IModelRunner runner, int slot, ReadOnlySpan<int> prompt, int chunk)
    {
        float[] logits = new float[runner.Shape.Vocabulary];
        for (int position = 0; position < prompt.Length; position += chunk)
        {
            ReadOnlySpan<int> tokens = prompt[position..Math.Min(prompt.Length, position + chunk)];
            runner.Prefill(slot, position, tokens, position + tokens.Length == prompt.Length ? logits : []);
        }

        return logits;
    }

    /// <summary>Generates as many tokens as asked for, in slot 0.</summary>
    public static int[] Generate(IModelRunner runner, int[] prompt, int count, int chunk)
    {
        float[] logits = Prefill(runner, slot: 0, prompt, chunk);
        int[] output = new int[count];
        for (int i = 0; i < count; i++)
        {
            output[i] = TensorPrimitives.IndexOfMax(logits);
            if (i + 1 < count)
            {
                runner.Decode([output[i]], [prompt.Length + i], logits);
            }
        }

        return output;
    }

    /// <summary>Decodes along a reference: each of its tokens has the largest logit, or one nearly as large.</summary>
    public static void AssertPrefers(IModelRunner runner, GreedyReference reference, string model)
    {
        float[] logits = Prefill(runner, slot: 0, reference.Prompt, chunk: 64);
        for (int step = 0; step < reference.Output.Length; step++)
        {
            int expected = reference.Output[step];
            int actual = TensorPrimitives.IndexOfMax(logits);
            Assert.True(
                logits[actual] - logits[expected] <= NearTie,
                $"{model}: token {step} after {reference.Prompt.Length} is {actual} ({logits[actual]}), expected {expected} ({logits[expected]})");
            runner.Decode([expected], [reference.Prompt.Length + step], logits);
        }
    }

    /// <summary>Generates every reference in a slot of its own, all together, each row leaving when it is done.</summary>
    public static int[][] GenerateTogether(IModelRunner runner, IReadOnlyList<GreedyReference> references, int chunk)
    {
        int vocabulary = runner.Shape.Vocabulary;
        List<int>[] outputs = [.. references.Select((reference, slot) => new List<int> { TensorPrimitives.IndexOfMax(Prefill(runner, slot, reference.Prompt, chunk)) })];
        float[] logits = new float[references.Count * vocabulary];
        int longest = references.Max(reference => reference.Output.Length);
        for (int step = 1; step < longest; step++)
        {
            int[] positions = [.. references.Select((reference, slot) => reference.Prompt.Length + outputs[slot].Count - 1)];
            runner.Decode([.. outputs.Select(output => output[^1])], positions, logits);
            for (int slot = 0; slot < references.Count; slot++)
            {
                // A finished row stays in the batch and writes to the same unused position again and again.
                if (outputs[slot].Count < references[slot].Output.Length)
                {
                    outputs[slot].Add(TensorPrimitives.IndexOfMax(logits.AsSpan(slot * vocabulary, vocabulary)));
                }
            }
        }

        return [.. outputs.Select(output => output.ToArray())];
    }
}
