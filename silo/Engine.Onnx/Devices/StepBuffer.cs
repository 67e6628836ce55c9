using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Devices;

/// <summary>
/// What goes into a step or comes out of it: a span that managed code uses and, on a device with memory of its own, the device's copy of
/// it, which tensors are laid over. The addresses never change, so a binding made once stays right; ONNX Runtime itself would copy an
/// input only when it is bound.
/// </summary>
internal sealed unsafe class StepBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly ITensorDevice _device;
    private readonly DeviceBuffer _memory;
    private nint _staging;

    public StepBuffer(ITensorDevice device, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Length = length;
        _device = device;
        _memory = new DeviceBuffer(device, checked(length * sizeof(T)));
        _staging = device.IsHost ? _memory.Address(0, _memory.Bytes) : device.AllocateStaging(_memory.Bytes);
    }

    /// <summary>Elements.</summary>
    public long Length { get; }

    public Span<T> Span(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_staging == 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new Span<T>((T*)_staging + offset, length);
    }

    /// <inheritdoc cref="DeviceBuffer.Tensor"/>
    /// <param name="offset">Elements.</param>
    public OrtValue Tensor(TensorElementType element, long offset, params long[] shape) => _memory.Tensor(element, offset * sizeof(T), shape);

    /// <summary>Makes the first <paramref name="length"/> elements known to the device.</summary>
    public void Send(long length)
    {
        if (!_device.IsHost)
        {
            _device.Send(_memory.Address(0, length * sizeof(T)), _staging, length * sizeof(T));
        }
    }

    /// <summary>Brings elements from the device.</summary>
    public ReadOnlySpan<T> Fetch(long offset, int length)
    {
        Span<T> fetched = Span(offset, length);
        if (!_device.IsHost)
        {
            long bytes = (long)length * sizeof(T);
            _device.Fetch(_staging + (nint)(offset * sizeof(T)), _memory.Address(offset * sizeof(T), bytes), bytes);
        }

        return fetched;
    }

    public void Dispose()
    {
        if (_staging != 0 && !_device.IsHost)
        {
            _device.FreeStaging(_staging);
        }

        _staging = 0;
        _memory.Dispose();
    }
}
