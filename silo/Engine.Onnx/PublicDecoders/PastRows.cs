using Microsoft.ML.OnnxRuntime;

namespace DeepSeekOrleans.Engine.Onnx.PublicDecoders;

/// <summary>The keys and values of one slot: for each layer two tensors [1, KV heads, length, head size] of exactly its length.</summary>
internal sealed class PastRows : IDisposable
{
    private readonly PublicDecoderGraph _graph;
    private OrtValue[] _values;

    public PastRows(PublicDecoderGraph graph)
    {
        _graph = graph;
        _values = [.. graph.PastNames.Select(_ => Allocate(0))];
    }

    /// <summary>Positions.</summary>
    public int Length { get; private set; }

    public IReadOnlyList<OrtValue> Values => _values;

    /// <summary>Forgets every position from <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        if (length < Length)
        {
            CopyFrom(this, length);
        }
    }

    /// <summary>Becomes the first <paramref name="length"/> positions of <paramref name="source"/>.</summary>
    public void CopyFrom(PastRows source, int length) => Replace([.. source._values.Select(value => FirstRows(value, source.Length, length))], length);

    /// <summary>Takes over tensors that hold <paramref name="length"/> positions.</summary>
    public void Replace(OrtValue[] values, int length)
    {
        OrtValue[] former = _values;
        _values = values;
        Length = length;
        foreach (OrtValue value in former)
        {
            value.Dispose();
        }
    }

    public void Dispose() => Replace([], 0);

    private OrtValue FirstRows(OrtValue source, int sourceLength, int length)
    {
        OrtValue target = Allocate(length);
        if (length == 0)
        {
            return target;
        }

        ReadOnlySpan<byte> from = source.GetTensorMutableRawData();
        Span<byte> to = target.GetTensorMutableRawData();
        int rowBytes = from.Length / (_graph.KeyValueHeads * sourceLength);
        for (int head = 0; head < _graph.KeyValueHeads; head++)
        {
            from.Slice(head * sourceLength * rowBytes, length * rowBytes).CopyTo(to[(head * length * rowBytes)..]);
        }

        return target;
    }

    private OrtValue Allocate(int length) =>
        OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, _graph.CacheElement, [1, _graph.KeyValueHeads, length, _graph.HeadSize]);
}
