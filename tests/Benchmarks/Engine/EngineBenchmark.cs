using DeepSeekOrleans.Benchmarks.Machine;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Benchmarks.Peers;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Engine;

/// <summary>
/// How fast the models compute beside llama.cpp and beside what the memory allows: the same shapes, the same threads, the same timing
/// code, one run.
/// </summary>
internal static class EngineBenchmark
{
    private static readonly GgufElement[] PeerForms = [GgufElement.Q8_0, GgufElement.Q4_0];

    public static void Run(TextWriter output, BenchmarkSelection selection)
    {
        output.WriteLine($"CPU: {CpuDescription.Read()}");
        LlamaLibrary? llama = LlamaLibrary.TryLoad();
        output.WriteLine(llama is null ? LlamaLibrary.Missing : $"llama.cpp 0.5.0 with {llama.Kernels}; {EngineForm.Threads} threads on both sides");
        foreach (DecoderShape shape in selection.Shapes)
        {
            RunShape(output, shape, selection, llama);
        }

        EngineOverhead.Run(output, selection.Shapes[0], selection);
    }

    private static void RunShape(TextWriter output, DecoderShape shape, BenchmarkSelection selection, LlamaLibrary? llama)
    {
        BandwidthProbe memory = BandwidthProbe.Measure(EngineForm.Threads);
        List<SpeedRow> rows = [];
        foreach (EngineForm form in selection.FormsFor(shape, output))
        {
            rows.Add(SpeedRow.Measure(
                $"ours {form.Name}", false, form.StepBytes(shape), (slots, context) => new RunnerDecoder(form.Load(shape, slots, context))));
        }

        foreach (GgufElement element in llama is null ? [] : PeerForms)
        {
            string path = BenchmarkModels.Gguf(shape, element);
            rows.Add(SpeedRow.Measure($"llama.cpp {element}", true, RandomGguf.StepBytes(shape, element), Open));

            IDecoder Open(int sequences, int context)
            {
                LlamaModel model = new(llama!, path);
                return new LlamaDecoder(model, model.CreateContext(sequences, context, Math.Max(512, context), EngineForm.Threads), shape.Vocabulary);
            }
        }

        SpeedTable.Print(output, BenchmarkSelection.Title(shape), memory, rows);
    }
}
