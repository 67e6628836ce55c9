using System.Numerics.Tensors;
using System.Text.Json;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>A real instruct model out of its GGUF file, against references in float32.</summary>
[Collection(ConvertedModels.Collection)]
public sealed class GgufSmolLmTests(ConvertedModels models)
{
    private const string Folder = "models/smollm2-135m-instruct";

    [SharedDataFact]
    public void Decode_AlongEveryReference_PrefersItsTokens()
    {
        IReadOnlyList<GreedyReference> references = GreedyReference.Read(SharedData.Path($"{Folder}/expected.jsonl"), "output_ids");
        using IModelRunner runner = Load(references.Count, contextLength: 192);
        int vocabulary = runner.Shape.Vocabulary;
        float[] logits = [.. references.SelectMany((reference, slot) => Greedy.Prefill(runner, slot, reference.Prompt, chunk: 64))];

        Assert.Equal(24, references.Count);
        for (int step = 0; step < references.Max(reference => reference.Output.Length); step++)
        {
            for (int slot = 0; slot < references.Count; slot++)
            {
                AssertPrefers(logits.AsSpan(slot * vocabulary, vocabulary), references[slot], step);
            }

            // A finished row stays in the batch and computes its last token again and again.
            int[] last = [.. references.Select(reference => Math.Min(step, reference.Output.Length - 1))];
            runner.Decode(
                [.. references.Select((reference, slot) => reference.Output[last[slot]])],
                [.. references.Select((reference, slot) => reference.Prompt.Length + last[slot])],
                logits);
        }
    }

    // The losses that are allowed are in percent of the reference's perplexity, which float32 reaches itself.
    [SharedDataTheory]
    [InlineData(ModelPrecision.Float32, false, 0.1)]
    [InlineData(ModelPrecision.Int8, false, 0.7)]
    [InlineData(ModelPrecision.Int4, false, 0.5)]
    [InlineData(ModelPrecision.Float32, true, 0.3)]
    [InlineData(ModelPrecision.Int8, true, 0.7)]
    public void Prefill_WindowsOfTheEvaluationText_LoseLittleAgainstTheReferencesPerplexity(ModelPrecision precision, bool int8Cache, double allowed)
    {
        JsonElement reference = JsonElement.Parse(File.ReadAllText(SharedData.Path($"{Folder}/eval.json")));
        int[] ids = ModelText.Load(Prepared(precision, int8Cache)).Tokenizer.Encode(File.ReadAllText(SharedData.Path($"{Folder}/eval.txt")), ControlTokens.AsText);
        Assert.Equal(reference.GetProperty("tokens").GetInt32(), ids.Length);
        using IModelRunner runner = Load(slots: 1, contextLength: 512, precision, int8Cache);

        double sum = 0;
        int predicted = 0;
        foreach (int[] window in ids.Chunk(reference.GetProperty("window").GetInt32()))
        {
            sum += NegativeLogLikelihood(runner, window);
            predicted += window.Length - 1;
        }

        Assert.Equal(reference.GetProperty("predicted").GetInt32(), predicted);
        double loss = 100 * ((Math.Exp(sum / predicted) / reference.GetProperty("perplexity").GetDouble()) - 1);
        Assert.InRange(loss, -allowed, allowed);
    }

    [SharedDataFact]
    public void Prepare_BlocksOfAFileInWiderBlocks_IsRefused()
    {
        ModelFormatException refused = Assert.Throws<ModelFormatException>(() => Prepared(ModelPrecision.Int4Wide, int8Cache: false));

        Assert.Contains("choose int4", refused.Message, StringComparison.Ordinal);
    }

    private static void AssertPrefers(ReadOnlySpan<float> logits, GreedyReference reference, int step)
    {
        if (step < reference.Output.Length)
        {
            int expected = reference.Output[step];
            int actual = TensorPrimitives.IndexOfMax(logits);
            Assert.True(
                logits[actual] - logits[expected] <= Greedy.NearTie,
                $"token {step} after {reference.Prompt.Length} is {actual} ({logits[actual]}), expected {expected} ({logits[expected]})");
        }
    }

    private static double NegativeLogLikelihood(IModelRunner runner, int[] window)
    {
        const int Chunk = 64;
        int vocabulary = runner.Shape.Vocabulary;
        float[] logits = new float[Chunk * vocabulary];
        double sum = 0;
        for (int position = 0; position < window.Length; position += Chunk)
        {
            ReadOnlySpan<int> tokens = window.AsSpan(position..Math.Min(window.Length, position + Chunk));
            runner.Prefill(0, position, tokens, logits.AsSpan(0, tokens.Length * vocabulary));
            for (int i = 0; i < tokens.Length && position + i + 1 < window.Length; i++)
            {
                Span<float> row = logits.AsSpan(i * vocabulary, vocabulary);
                float largest = TensorPrimitives.Max<float>(row);
                float wanted = row[window[position + i + 1]];
                TensorPrimitives.Subtract(row, largest, row);
                TensorPrimitives.Exp(row, row);
                sum += Math.Log(TensorPrimitives.Sum<float>(row)) + largest - wanted;
            }
        }

        return sum;
    }

    private string Prepared(ModelPrecision precision, bool int8Cache) =>
        models.Prepare(SharedData.Path($"{Folder}/SmolLM2-135M-Instruct.Q4_1.gguf"), precision, int8Cache);

    private IModelRunner Load(int slots, int contextLength, ModelPrecision precision = ModelPrecision.Float32, bool int8Cache = false) =>
        OnnxModel.Load(Prepared(precision, int8Cache), new OnnxRunnerOptions { Slots = slots, ContextLength = contextLength });
}
