using System.Runtime.InteropServices;
using System.Text;

namespace DeepSeekOrleans.Benchmarks.Peers;

/// <summary>
/// llama.cpp as the npm package <c>@node-llama-cpp/linux-x64</c> carries it: one library of kernels for each kind of CPU, of which
/// llama.cpp itself loads the one that rates this CPU highest.
/// </summary>
internal sealed unsafe class LlamaLibrary
{
    public const string Missing =
        "llama.cpp is left out: run 'npm ci --prefix tests/Benchmarks/Peers' first (Linux x64 with glibc only)";

    private const string Package = "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64";

    private LlamaLibrary(string folder)
    {
        NativeLibrary.Load(System.IO.Path.Combine(folder, "libggml-base.so"));
        nint ggml = NativeLibrary.Load(System.IO.Path.Combine(folder, "libggml.v0.5.0.so"));
        nint llama = NativeLibrary.Load(System.IO.Path.Combine(folder, "libllama.v0.5.0.so"));
        var silence = (delegate* unmanaged<nint, nint, void>)NativeLibrary.GetExport(llama, "llama_log_set");
        silence((nint)(delegate* unmanaged<int, byte*, void*, void>)&Ignore, 0);
        var loadKernels = (delegate* unmanaged<byte*, void>)NativeLibrary.GetExport(ggml, "ggml_backend_load_all_from_path");
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            loadKernels(path);
        }

        ModelDefaults = (delegate* unmanaged<LlamaModelParameters>)NativeLibrary.GetExport(llama, "llama_model_default_params");
        LoadModel = (delegate* unmanaged<byte*, LlamaModelParameters, nint>)NativeLibrary.GetExport(llama, "llama_model_load_from_file");
        FreeModel = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(llama, "llama_model_free");
        ContextDefaults = (delegate* unmanaged<LlamaContextParameters>)NativeLibrary.GetExport(llama, "llama_context_default_params");
        CreateContext = (delegate* unmanaged<nint, LlamaContextParameters, nint>)NativeLibrary.GetExport(llama, "llama_init_from_model");
        FreeContext = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(llama, "llama_free");
        CreateBatch = (delegate* unmanaged<int, int, int, LlamaBatch>)NativeLibrary.GetExport(llama, "llama_batch_init");
        FreeBatch = (delegate* unmanaged<LlamaBatch, void>)NativeLibrary.GetExport(llama, "llama_batch_free");
        Decode = (delegate* unmanaged<nint, LlamaBatch, int>)NativeLibrary.GetExport(llama, "llama_decode");
        Logits = (delegate* unmanaged<nint, int, float*>)NativeLibrary.GetExport(llama, "llama_get_logits_ith");
        Memory = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(llama, "llama_get_memory");
        RemovePositions = (delegate* unmanaged<nint, int, int, int, byte>)NativeLibrary.GetExport(llama, "llama_memory_seq_rm");
        CopySequence = (delegate* unmanaged<nint, int, int, int, int, void>)NativeLibrary.GetExport(llama, "llama_memory_seq_cp");
        Kernels = LoadedKernels();
    }

    /// <summary>The library of kernels in use, for example <c>libggml-cpu-zen4.so</c>.</summary>
    public string Kernels { get; }

    public delegate* unmanaged<LlamaModelParameters> ModelDefaults { get; }

    public delegate* unmanaged<byte*, LlamaModelParameters, nint> LoadModel { get; }

    public delegate* unmanaged<nint, void> FreeModel { get; }

    public delegate* unmanaged<LlamaContextParameters> ContextDefaults { get; }

    public delegate* unmanaged<nint, LlamaContextParameters, nint> CreateContext { get; }

    public delegate* unmanaged<nint, void> FreeContext { get; }

    public delegate* unmanaged<int, int, int, LlamaBatch> CreateBatch { get; }

    public delegate* unmanaged<LlamaBatch, void> FreeBatch { get; }

    public delegate* unmanaged<nint, LlamaBatch, int> Decode { get; }

    public delegate* unmanaged<nint, int, float*> Logits { get; }

    public delegate* unmanaged<nint, nint> Memory { get; }

    /// <summary>Memory, sequence, first position, end; -1 is the last.</summary>
    public delegate* unmanaged<nint, int, int, int, byte> RemovePositions { get; }

    /// <summary>Memory, source, target, first position, end; -1 is the last.</summary>
    public delegate* unmanaged<nint, int, int, int, int, void> CopySequence { get; }

    /// <summary>Null where the package is not installed.</summary>
    public static LlamaLibrary? TryLoad()
    {
        string folder = System.IO.Path.Combine(Checkout.Folder("tests/Benchmarks/Peers"), Package);
        return Directory.Exists(folder) && RuntimeInformation.ProcessArchitecture == Architecture.X64 ? new LlamaLibrary(folder) : null;
    }

    [UnmanagedCallersOnly]
    private static void Ignore(int level, byte* text, void* state)
    {
        // llama.cpp describes every tensor that it loads
    }

    private static string LoadedKernels() => File.ReadLines("/proc/self/maps")
        .Select(line => System.IO.Path.GetFileName(line))
        .First(file => file.StartsWith("libggml-cpu-", StringComparison.Ordinal));
}
