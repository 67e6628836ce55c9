using System.Diagnostics;
using System.Numerics.Tensors;
using DeepSeekOrleans.Benchmarks.Peers;

namespace DeepSeekOrleans.Benchmarks.Mixed;

/// <summary>
/// The requests through llama.cpp, batched as its server does: each call takes the next token of every running sequence and fills the
/// rest of the batch with prompts.
/// </summary>
internal sealed class MixedPeer(LlamaContext context, int vocabulary)
{
    private readonly Running?[] _slots = new Running?[MixedRequest.Slots];

    public MixedResult Run(string name, MixedRequest[] requests)
    {
        long start = Stopwatch.GetTimestamp();
        Queue<MixedRequest> waiting = new(requests);
        List<double> firstTokens = [];
        while (Admit(waiting))
        {
            AddNextTokens();
            AddPrompts();
            context.Run();
            for (int slot = 0; slot < _slots.Length; slot++)
            {
                Commit(slot, start, firstTokens);
            }
        }

        return new MixedResult(name, requests.Sum(request => request.NewTokens), Stopwatch.GetElapsedTime(start).TotalSeconds, [.. firstTokens]);
    }

    /// <summary>Gives free slots to waiting requests; false when nothing is left to do.</summary>
    private bool Admit(Queue<MixedRequest> waiting)
    {
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot] is null && waiting.TryDequeue(out MixedRequest? request))
            {
                context.Truncate(slot, 0);
                _slots[slot] = new Running(request);
            }
        }

        return _slots.Any(slot => slot is not null);
    }

    private void AddNextTokens()
    {
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot] is { } running)
            {
                running.LogitsAt = running.Generated > 0 ? context.Add(slot, running.Length++, running.LastToken, wantsLogits: true) : -1;
            }
        }
    }

    private void AddPrompts()
    {
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            while (_slots[slot] is { } running && running.Length < running.Request.Prompt.Length && context.Room > 0)
            {
                bool last = running.Length == running.Request.Prompt.Length - 1;
                int index = context.Add(slot, running.Length, running.Request.Prompt[running.Length], last);
                running.Length++;
                running.LogitsAt = last ? index : -1;
            }
        }
    }

    private void Commit(int slot, long start, List<double> firstTokens)
    {
        if (_slots[slot] is not { LogitsAt: >= 0 } running)
        {
            return;
        }

        running.LastToken = TensorPrimitives.IndexOfMax(context.Logits(running.LogitsAt, vocabulary));
        running.Generated++;
        if (running.Generated == 1)
        {
            firstTokens.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        if (running.Generated == running.Request.NewTokens)
        {
            _slots[slot] = null;
        }
    }

    private sealed class Running(MixedRequest request)
    {
        public MixedRequest Request => request;

        /// <summary>Tokens that the model has seen.</summary>
        public int Length { get; set; }

        public int Generated { get; set; }

        public int LastToken { get; set; }

        /// <summary>Place of the wanted logits in the batch, or -1.</summary>
        public int LogitsAt { get; set; } = -1;
    }
}
