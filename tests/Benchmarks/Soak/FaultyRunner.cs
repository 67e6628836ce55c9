using DeepSeekOrleans.Engine;

namespace DeepSeekOrleans.Benchmarks.Soak;

/// <summary>A real runner that fails, breaks, hangs and gives not-a-number at random, as <see cref="FaultRates"/> says.</summary>
internal sealed class FaultyRunner(IModelRunner inner, FaultRates rates, FaultCounts counts, Random random) : IModelRunner
{
    private bool _isBroken;

    public ModelShape Shape => inner.Shape;

    public void Prefill(int slot, int position, ReadOnlySpan<int> tokens, Span<float> logits, Span<int> best)
    {
        Strike();
        inner.Prefill(slot, position, tokens, logits, best);
        Spoil(logits);
    }

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits, Span<int> best)
    {
        Strike();
        inner.Decode(tokens, positions, logits, best);
        Spoil(logits);
    }

    public void PrefillBesideDecode(
        int slot, int position, ReadOnlySpan<int> chunk, Span<float> chunkLogits, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> logits)
    {
        counts.JoinedRuns++;
        Strike();
        inner.PrefillBesideDecode(slot, position, chunk, chunkLogits, tokens, positions, logits);
        Spoil(chunkLogits);
        Spoil(logits);
    }

    public void CopySlot(int source, int target, int length) => inner.CopySlot(source, target, length);

    public void Dispose() => inner.Dispose();

    private void Strike()
    {
        if (_isBroken || Happens(rates.Break))
        {
            counts.Breaks += _isBroken ? 0 : 1;
            _isBroken = true;
            throw new InvalidOperationException("soak: the runner broke");
        }

        if (Happens(rates.Fail))
        {
            counts.Failures++;
            throw new ModelRunException("soak: the run failed");
        }

        if (Happens(rates.Hang))
        {
            counts.Hangs++;
            using var never = new ManualResetEventSlim();
            never.Wait(rates.HangLength);
        }
    }

    private void Spoil(Span<float> logits)
    {
        if (!logits.IsEmpty && Happens(rates.NotANumber))
        {
            counts.NotANumbers++;
            logits[random.Next(logits.Length)] = float.NaN;
        }
    }

    private bool Happens(double rate) => random.NextDouble() < rate;
}

/// <summary>Each but the last: per run of the model.</summary>
internal sealed record FaultRates
{
    /// <summary>One run fails, which is traced to a sequence or to nobody.</summary>
    public required double Fail { get; init; }

    public required double NotANumber { get; init; }

    /// <summary>From here on every run of this runner fails outside its contract.</summary>
    public required double Break { get; init; }

    public required double Hang { get; init; }

    /// <summary>Longer than the engine's limit, but not for ever: the thread that is left behind has to end as well.</summary>
    public required TimeSpan HangLength { get; init; }
}

/// <summary>What has been injected, and into how many joined runs. Written by the engine's threads, of which one at a time runs a model.</summary>
internal sealed class FaultCounts
{
    public int Failures { get; set; }

    public int NotANumbers { get; set; }

    public int Breaks { get; set; }

    public int Hangs { get; set; }

    public int JoinedRuns { get; set; }
}
