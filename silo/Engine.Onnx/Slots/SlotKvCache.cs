using DeepSeekOrleans.Engine.Onnx.Devices;
using DeepSeekOrleans.Engine.Onnx.Memory;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DeepSeekOrleans.Engine.Onnx.Slots;

/// <param name="HeadSize">Numbers per head and position.</param>
/// <param name="Element">The type of the numbers.</param>
internal sealed record KvShape(int Layers, int KeyValueHeads, int HeadSize, TensorElementType Element)
{
    public long BytesPerPosition => 2L * Layers * KeyValueHeads * HeadBytes;

    /// <summary>Of one head and position.</summary>
    public int HeadBytes => HeadSize * Element.Size();
}

/// <summary>
/// The keys and values of all sequences: for each layer one allocation of keys and one of values, [slots, KV heads, positions, head
/// size]. A run over the slots 0 to B - 1, or over any one slot, sees a slice of it and writes in place.
/// </summary>
internal sealed unsafe class SlotKvCache : IDisposable
{
    private readonly ITensorDevice _device;
    private readonly DeviceBuffer[] _buffers;
    private readonly KvShape _shape;
    private readonly long _slotBytes;

    /// <param name="hasSpare">A slot -1 lies before the first, for a row that nobody wants; only the pages that are written take memory.</param>
    public SlotKvCache(ITensorDevice device, KvShape shape, int slots, int positions, bool hasSpare = false)
    {
        HasSpare = hasSpare;
        _device = device;
        _shape = shape;
        Positions = positions;
        _slotBytes = (long)shape.KeyValueHeads * positions * shape.HeadBytes;
        KvRoom.Require(shape.BytesPerPosition, slots, positions, device.AvailableBytes());
        _buffers = new DeviceBuffer[2 * shape.Layers];
        for (int i = 0; i < _buffers.Length; i++)
        {
            _buffers[i] = new DeviceBuffer(device, (slots + Before) * _slotBytes);
        }
    }

    public KvShape Shape => _shape;

    public bool HasSpare { get; }

    /// <summary>Positions per slot.</summary>
    public int Positions { get; }

    private int Before => HasSpare ? 1 : 0;

    /// <summary>Keys of layer 0, values of layer 0, keys of layer 1, and so on: tensors over <paramref name="count"/> slots.</summary>
    public OrtValue[] Slice(int firstSlot, int count) =>
        [.. _buffers.Select(buffer => buffer.Tensor(
            _shape.Element, (firstSlot + Before) * _slotBytes, count, _shape.KeyValueHeads, Positions, _shape.HeadSize))];

    /// <summary>The numbers of one head of slot 0, [count x head size], where they are float32 and lie in the machine's memory.</summary>
    /// <param name="index">Of the buffer, in the order of <see cref="Slice"/>.</param>
    public ReadOnlySpan<float> Read(int index, int head, int count)
    {
        if (!_device.IsHost || _shape.Element != TensorElementType.Float)
        {
            throw new InvalidOperationException($"a KV cache of {_shape.Element} cannot be read here");
        }

        long start = (Before * _slotBytes) + ((long)head * Positions * _shape.HeadBytes);
        return new ReadOnlySpan<float>((void*)_buffers[index].Address(start, (long)count * _shape.HeadBytes), count * _shape.HeadSize);
    }

    public void Copy(int source, int target, int length)
    {
        if (source == target || length == 0)
        {
            return;
        }

        foreach (DeviceBuffer buffer in _buffers)
        {
            _device.CopyRows(
                buffer.Address((target + Before) * _slotBytes, _slotBytes),
                buffer.Address((source + Before) * _slotBytes, _slotBytes),
                (long)length * _shape.HeadBytes,
                _shape.KeyValueHeads,
                (long)Positions * _shape.HeadBytes);
        }
    }

    /// <summary>Overwrites everything, so that a test can show that nothing is read before it was written. 0xFF makes NaN of every float.</summary>
    internal void Fill(byte value)
    {
        foreach (DeviceBuffer buffer in _buffers)
        {
            buffer.Fill(value);
        }
    }

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }
}
