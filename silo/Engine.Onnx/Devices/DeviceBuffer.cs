using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Devices;

/// <summary>Memory of a device that tensors are laid over. Its contents are undefined until they are written.</summary>
internal sealed class DeviceBuffer : IDisposable
{
    private readonly ITensorDevice _device;
    private nint _start;

    public DeviceBuffer(ITensorDevice device, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        _device = device;
        Bytes = bytes;
        _start = device.Allocate(bytes);
    }

    public long Bytes { get; }

    /// <summary>A tensor over a part of this memory; it must not outlive it.</summary>
    /// <param name="offset">Bytes.</param>
    public OrtValue Tensor(TensorElementType element, long offset, params long[] shape)
    {
        long bytes = shape.Aggregate((long)element.Size(), (product, dimension) => checked(product * dimension));
        return OrtValue.CreateTensorValueWithData(_device.MemoryInfo, element, shape, Address(offset, bytes), bytes);
    }

    /// <summary>Where a part of this memory begins.</summary>
    public nint Address(long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(_start == 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Bytes - bytes);
        return _start + (nint)offset;
    }

    public void Fill(byte value) => _device.Fill(Address(0, Bytes), Bytes, value);

    public void Dispose()
    {
        if (_start != 0)
        {
            _device.Free(_start);
            _start = 0;
        }
    }
}
