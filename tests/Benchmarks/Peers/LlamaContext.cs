namespace DeepSeekOrleans.Benchmarks.Peers;

/// <summary>A KV cache of llama.cpp and the batch that is computed next.</summary>
internal sealed unsafe class LlamaContext : IDisposable
{
    private readonly LlamaLibrary _llama;
    private readonly nint _context;
    private readonly int _capacity;
    private LlamaBatch _batch;

    public LlamaContext(LlamaLibrary llama, nint context, int capacity)
    {
        _llama = llama;
        _context = context;
        _capacity = capacity;
        _batch = llama.CreateBatch(capacity, 0, 1);
    }

    public int Room => _capacity - _batch.Count;

    /// <summary>Adds a token and returns its place in the batch.</summary>
    public int Add(int sequence, int position, int token, bool wantsLogits)
    {
        if (Room == 0)
        {
            throw new InvalidOperationException("the batch is full");
        }

        int index = _batch.Count++;
        _batch.Tokens[index] = token;
        _batch.Positions[index] = position;
        _batch.SequenceCounts[index] = 1;
        _batch.Sequences[index][0] = sequence;
        _batch.Logits[index] = wantsLogits ? (sbyte)1 : (sbyte)0;
        return index;
    }

    /// <summary>Computes the batch and empties it; its logits stay until the next run.</summary>
    public void Run()
    {
        int result = _llama.Decode(_context, _batch);
        _batch.Count = 0;
        if (result != 0)
        {
            throw new InvalidOperationException($"llama_decode gave {result}");
        }
    }

    /// <summary>The logits of the token at this place of the last batch.</summary>
    public ReadOnlySpan<float> Logits(int index, int vocabulary) => new(_llama.Logits(_context, index), vocabulary);

    /// <summary>Forgets the positions of a sequence from <paramref name="length"/> on.</summary>
    public void Truncate(int sequence, int length) => _llama.RemovePositions(_llama.Memory(_context), sequence, length, -1);

    /// <summary>Makes one sequence a copy of another.</summary>
    public void Copy(int source, int target) => _llama.CopySequence(_llama.Memory(_context), source, target, -1, -1);

    public void Dispose()
    {
        _llama.FreeBatch(_batch);
        _llama.FreeContext(_context);
    }
}
