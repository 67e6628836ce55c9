using System.Text;

namespace DeepSeekOrleans.Benchmarks.Peers;

/// <summary>A GGUF file loaded by llama.cpp with its defaults: memory-mapped, weights rearranged for the CPU's kernels.</summary>
internal sealed unsafe class LlamaModel : IDisposable
{
    private readonly LlamaLibrary _llama;
    private readonly nint _model;

    public LlamaModel(LlamaLibrary llama, string path)
    {
        _llama = llama;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            _model = llama.LoadModel(name, llama.ModelDefaults());
        }

        if (_model == 0)
        {
            throw new InvalidOperationException($"llama.cpp cannot load {path}");
        }
    }

    /// <param name="sequences">Sequences that the KV cache holds at once.</param>
    /// <param name="contextLength">Positions of each; llama.cpp rounds up to 256.</param>
    /// <param name="batch">Most tokens per call; they are computed 512 at a time, as by default.</param>
    public LlamaContext CreateContext(int sequences, int contextLength, int batch, int threads)
    {
        LlamaContextParameters parameters = _llama.ContextDefaults();
        parameters.Context = (uint)(sequences * ((contextLength + 255) / 256 * 256));
        parameters.Batch = (uint)batch;
        parameters.Sequences = (uint)sequences;
        parameters.Threads = threads;
        parameters.BatchThreads = threads;
        nint context = _llama.CreateContext(_model, parameters);
        return context != 0
            ? new LlamaContext(_llama, context, batch)
            : throw new InvalidOperationException($"llama.cpp refuses {sequences} sequences of {contextLength} positions");
    }

    public void Dispose() => _llama.FreeModel(_model);
}
