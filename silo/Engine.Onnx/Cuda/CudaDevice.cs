using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Cuda;

/// <summary>
/// The memory of one GPU. ONNX Runtime computes on a stream that does not wait for the default one and waits for it at the end of each
/// run, so what is copied here must be complete before the next run begins: copies from page-locked memory are when they return, those
/// within the device are waited for.
/// </summary>
internal sealed class CudaDevice(CudaRuntime runtime, int number) : ITensorDevice
{
    public OrtMemoryInfo MemoryInfo { get; } = new(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, number, OrtMemType.Default);

    public bool IsHost => false;

    public long AvailableBytes() => Here().FreeBytes();

    public nint Allocate(long bytes)
    {
        nint memory = Here().Allocate(bytes);

        // attention multiplies what it masks by zero, and a NaN that lay there would stay one
        Fill(memory, bytes, 0);
        return memory;
    }

    public void Free(nint memory) => Here().Free(memory);

    public nint AllocateStaging(long bytes) => Here().AllocateHost(bytes);

    public void FreeStaging(nint memory) => Here().FreeHost(memory);

    public void Send(nint device, nint staging, long bytes) => Here().ToDevice(device, staging, bytes);

    public void Fetch(nint staging, nint device, long bytes) => Here().ToHost(staging, device, bytes);

    public void CopyRows(nint target, nint source, long rowBytes, int rows, long stride)
    {
        Here().CopyRows(target, source, rowBytes, rows, stride);
        runtime.Synchronize();
    }

    public void Fill(nint memory, long bytes, byte value)
    {
        Here().Fill(memory, bytes, value);
        runtime.Synchronize();
    }

    private CudaRuntime Here()
    {
        runtime.SetDevice(number);
        return runtime;
    }
}
