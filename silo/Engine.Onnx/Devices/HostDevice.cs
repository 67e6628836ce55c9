using System.Runtime.InteropServices;
using DeepSeekOrleans.Engine.Onnx.Memory;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Devices;

/// <summary>The machine's own memory.</summary>
internal sealed unsafe class HostDevice : ITensorDevice
{
    // One cache line, and the widest vector register: the kernels' loads never straddle two lines.
    private const int Alignment = 64;

    public static HostDevice Instance { get; } = new();

    public OrtMemoryInfo MemoryInfo => OrtMemoryInfo.DefaultInstance;

    public bool IsHost => true;

    public long AvailableBytes() => MachineMemory.AvailableBytes();

    public nint Allocate(long bytes) => (nint)NativeMemory.AlignedAlloc(checked((nuint)bytes), Alignment);

    public void Free(nint memory) => NativeMemory.AlignedFree((void*)memory);

    public nint AllocateStaging(long bytes) => Allocate(bytes);

    public void FreeStaging(nint memory) => Free(memory);

    public void Send(nint device, nint staging, long bytes) => Copy(device, staging, bytes);

    public void Fetch(nint staging, nint device, long bytes) => Copy(staging, device, bytes);

    public void CopyRows(nint target, nint source, long rowBytes, int rows, long stride)
    {
        for (int row = 0; row < rows; row++)
        {
            Copy(target + (nint)(row * stride), source + (nint)(row * stride), rowBytes);
        }
    }

    public void Fill(nint memory, long bytes, byte value) => NativeMemory.Fill((void*)memory, (nuint)bytes, value);

    private static void Copy(nint target, nint source, long bytes) => Buffer.MemoryCopy((void*)source, (void*)target, bytes, bytes);
}
