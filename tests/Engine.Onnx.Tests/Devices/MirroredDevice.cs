using DeepSeekOrleans.Engine.Onnx.Devices;
using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Tests.Devices;

/// <summary>
/// Behaves as a GPU's memory does, in the machine's own: what is not sent is not seen by the session, and what is not fetched is not
/// seen by the caller.
/// </summary>
internal sealed class MirroredDevice : ITensorDevice
{
    private int _allocations;

    public OrtMemoryInfo MemoryInfo => OrtMemoryInfo.DefaultInstance;

    public bool IsHost => false;

    public long BytesSent { get; private set; }

    public long BytesFetched { get; private set; }

    /// <summary>What has been taken and not given back.</summary>
    public int Allocations => _allocations;

    public long AvailableBytes() => HostDevice.Instance.AvailableBytes();

    public nint Allocate(long bytes)
    {
        _allocations++;
        nint memory = HostDevice.Instance.Allocate(bytes);
        Fill(memory, bytes, 0x7F);
        return memory;
    }

    public void Free(nint memory)
    {
        _allocations--;
        HostDevice.Instance.Free(memory);
    }

    public nint AllocateStaging(long bytes) => Allocate(bytes);

    public void FreeStaging(nint memory) => Free(memory);

    public void Send(nint device, nint staging, long bytes)
    {
        BytesSent += bytes;
        HostDevice.Instance.Send(device, staging, bytes);
    }

    public void Fetch(nint staging, nint device, long bytes)
    {
        BytesFetched += bytes;
        HostDevice.Instance.Fetch(staging, device, bytes);
    }

    public void CopyRows(nint target, nint source, long rowBytes, int rows, long stride) =>
        HostDevice.Instance.CopyRows(target, source, rowBytes, rows, stride);

    public void Fill(nint memory, long bytes, byte value) => HostDevice.Instance.Fill(memory, bytes, value);
}
