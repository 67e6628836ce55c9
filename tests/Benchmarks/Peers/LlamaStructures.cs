using System.Runtime.InteropServices;

namespace DeepSeekOrleans.Benchmarks.Peers;

/// <summary>llama.cpp 0.5.0's <c>llama_model_params</c>; only its size matters here, the defaults stay.</summary>
[StructLayout(LayoutKind.Sequential, Size = 80)]
internal readonly struct LlamaModelParameters;

/// <summary>llama.cpp 0.5.0's <c>llama_context_params</c>, as far as it is changed here.</summary>
[StructLayout(LayoutKind.Explicit, Size = 160)]
internal struct LlamaContextParameters
{
    /// <summary>Positions of all sequences together.</summary>
    [FieldOffset(0)]
    public uint Context;

    /// <summary>Most tokens per call.</summary>
    [FieldOffset(4)]
    public uint Batch;

    /// <summary>Most tokens that are computed at once.</summary>
    [FieldOffset(8)]
    public uint MicroBatch;

    [FieldOffset(12)]
    public uint Sequences;

    [FieldOffset(28)]
    public int Threads;

    [FieldOffset(32)]
    public int BatchThreads;
}

/// <summary>llama.cpp 0.5.0's <c>llama_batch</c>: one entry per token.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaBatch
{
    public int Count;
    public int* Tokens;
    public float* Embeddings;
    public int* Positions;
    public int* SequenceCounts;
    public int** Sequences;
    public sbyte* Logits;
}
