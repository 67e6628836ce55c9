using DeepSeekOrleans.Benchmarks.Machine;
using DeepSeekOrleans.Benchmarks.Models;
using DeepSeekOrleans.Benchmarks.Peers;
using DeepSeekOrleans.ModelFactory.RandomModels;

namespace DeepSeekOrleans.Benchmarks.Mixed;

/// <summary>What continuous batching gives: the same requests of mixed lengths together, one at a time, and through llama.cpp.</summary>
internal static class MixedBenchmark
{
    private const double GoalOverOneAtATime = 4;
    private const double GoalOverPeer = 1.8;

    // What llama.cpp computes at once by default, and what its server collects by default.
    private static readonly int[] PeerBatches = [512, 2_048];

    public static async Task RunAsync(TextWriter output, BenchmarkSelection selection)
    {
        await output.WriteLineAsync($"CPU: {CpuDescription.Read()}");
        LlamaLibrary? llama = LlamaLibrary.TryLoad();
        await output.WriteLineAsync(llama is null ? LlamaLibrary.Missing : $"llama.cpp 0.5.0 with {llama.Kernels}; {EngineForm.Threads} threads on both sides");
        foreach (DecoderShape shape in selection.Shapes)
        {
            MixedRequest[] requests = MixedRequest.Create(shape.Vocabulary);
            await output.WriteLineAsync(
                $"\n{BenchmarkSelection.Title(shape)}: {requests.Length} requests, {requests.Sum(request => request.Prompt.Length)} prompt tokens, {MixedRequest.Slots} slots\n");
            await output.WriteLineAsync("| way | new tokens/s | seconds | median TTFT, ms | 95th |\n|---|---|---|---|---|");
            List<MixedResult> together = [];
            foreach (EngineForm form in selection.FormsFor(shape, output))
            {
                together.Add(await RunOursAsync(output, shape, form, requests));
            }

            PrintPeerRatio(output, together, RunPeers(output, shape, llama, requests));
        }
    }

    private static async Task<MixedResult> RunOursAsync(TextWriter output, DecoderShape shape, EngineForm form, MixedRequest[] requests)
    {
        MixedResult alone;
        await using (TimedEngine engine = new(form.Load(shape, MixedRequest.Slots, MixedRequest.Context)))
        {
            await engine.Submit([1, 2, 3], 8).Ended;
            alone = await MixedEngine.OneAtATimeAsync($"ours {form.Name}, one at a time", engine, requests);
        }

        await output.WriteLineAsync(alone.ToRow());
        if (form.JoinsRuns)
        {
            await output.WriteLineAsync((await TogetherAsync(shape, form, requests, joinRuns: false)).ToRow());
        }

        MixedResult together = await TogetherAsync(shape, form, requests, joinRuns: true);
        await output.WriteLineAsync(together.ToRow());
        double gain = together.Rate / alone.Rate;
        await output.WriteLineAsync(FormattableString.Invariant(
            $"| {form.Name}: together over one at a time | {gain:F2}x (goal {GoalOverOneAtATime:F0}x at int8{(gain >= GoalOverOneAtATime ? "" : ", not reached")}) | | | |"));
        return together;
    }

    private static async Task<MixedResult> TogetherAsync(DecoderShape shape, EngineForm form, MixedRequest[] requests, bool joinRuns)
    {
        // An engine of its own, or the prompts of the other run would still be in its slots.
        await using TimedEngine fresh = new(form.Load(shape, MixedRequest.Slots, MixedRequest.Context, joinRuns));
        await fresh.Submit([1, 2, 3], 8).Ended;
        return await MixedEngine.TogetherAsync($"ours {form.Name}, together{(joinRuns ? "" : ", runs apart")}", fresh, requests);
    }

    private static List<MixedResult> RunPeers(TextWriter output, DecoderShape shape, LlamaLibrary? llama, MixedRequest[] requests)
    {
        List<MixedResult> results = [];
        foreach (GgufElement element in llama is null ? [] : new[] { GgufElement.Q8_0, GgufElement.Q4_0 })
        {
            using LlamaModel model = new(llama!, BenchmarkModels.Gguf(shape, element));
            foreach (int batch in PeerBatches)
            {
                using LlamaContext context = model.CreateContext(MixedRequest.Slots, MixedRequest.Context, batch, EngineForm.Threads);
                MixedPeer peer = new(context, shape.Vocabulary);
                peer.Run("warm-up", [new MixedRequest([1, 2, 3], 8)]);
                results.Add(peer.Run($"llama.cpp {element}, batches of {batch}", requests));
                output.WriteLine(results[^1].ToRow());
            }
        }

        return results;
    }

    private static void PrintPeerRatio(TextWriter output, List<MixedResult> ours, List<MixedResult> peers)
    {
        if (ours.Count == 0 || peers.Count == 0)
        {
            return;
        }

        MixedResult best = ours.MaxBy(result => result.Rate)!;
        MixedResult peer = peers.MaxBy(result => result.Rate)!;
        double ratio = best.Rate / peer.Rate;
        output.WriteLine(FormattableString.Invariant(
            $"\n{best.Name} is {ratio:F2}x of {peer.Name} (goal {GoalOverPeer:F1}x{(ratio >= GoalOverPeer ? "" : ", MISSED")})"));
    }
}
