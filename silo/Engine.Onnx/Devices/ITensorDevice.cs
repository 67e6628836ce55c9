using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.Devices;

/// <summary>Where the tensors of a runner lie: memory, and the copies in and out of it. Every copy is done when its call returns.</summary>
internal interface ITensorDevice
{
    OrtMemoryInfo MemoryInfo { get; }

    /// <summary>True where managed code reads and writes this memory itself, so that nothing needs to be sent or fetched.</summary>
    bool IsHost { get; }

    /// <summary>Bytes that are still free.</summary>
    long AvailableBytes();

    /// <summary>Takes memory whose contents are undefined.</summary>
    /// <exception cref="InsufficientMemoryException">The device has not so much.</exception>
    nint Allocate(long bytes);

    void Free(nint memory);

    /// <summary>Takes memory of the host that the device can copy from and to.</summary>
    nint AllocateStaging(long bytes);

    void FreeStaging(nint memory);

    void Send(nint device, nint staging, long bytes);

    void Fetch(nint staging, nint device, long bytes);

    /// <summary>Copies <paramref name="rows"/> pieces of <paramref name="rowBytes"/> that begin <paramref name="stride"/> bytes after each other.</summary>
    void CopyRows(nint target, nint source, long rowBytes, int rows, long stride);

    void Fill(nint memory, long bytes, byte value);
}
