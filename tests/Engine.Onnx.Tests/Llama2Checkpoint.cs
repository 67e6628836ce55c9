using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>
/// Rewrites a llama2.c checkpoint (version 1: 256 bytes of header, then float32 weights grouped by kind) as <c>model.safetensors</c>
/// with Hugging Face's names. There, the rows of q and k are sorted for the rotation of halves instead of neighbouring pairs.
/// </summary>
internal sealed class Llama2Checkpoint
{
    private const int HeaderBytes = 256;

    private readonly int _hidden;
    private readonly int _intermediate;
    private readonly int _layers;
    private readonly int _heads;
    private readonly int _keyValueHeads;
    private readonly int _vocabulary;
    private readonly float[] _weights;
    private readonly List<(string Name, int[] Shape, float[] Values)> _tensors = [];
    private int _position;

    public Llama2Checkpoint(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        (_hidden, _intermediate, _layers, _heads, _keyValueHeads, _vocabulary) =
            (Header(bytes, 2), Header(bytes, 3), Header(bytes, 4), Header(bytes, 5), Header(bytes, 6), Header(bytes, 7));
        _weights = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(HeaderBytes)).ToArray();
    }

    public void WriteSafetensors(string path)
    {
        int keyValue = _hidden / _heads * _keyValueHeads;
        EachLayer("input_layernorm", [_hidden]);
        EachLayer("post_attention_layernorm", [_hidden]);
        Take("model.norm.weight", [_hidden]);
        Take("model.embed_tokens.weight", [_vocabulary, _hidden]);
        EachLayer("self_attn.q_proj", [_hidden, _hidden], _heads);
        EachLayer("self_attn.k_proj", [keyValue, _hidden], _keyValueHeads);
        EachLayer("self_attn.v_proj", [keyValue, _hidden]);
        EachLayer("self_attn.o_proj", [_hidden, _hidden]);
        EachLayer("mlp.gate_proj", [_intermediate, _hidden]);
        EachLayer("mlp.down_proj", [_hidden, _intermediate]);
        EachLayer("mlp.up_proj", [_intermediate, _hidden]);
        SafetensorsWriter.Write(path, _tensors);
    }

    private static int Header(byte[] bytes, int index) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4 * index));

    private void EachLayer(string name, int[] shape, int pairedHeads = 0)
    {
        for (int layer = 0; layer < _layers; layer++)
        {
            Take(string.Create(CultureInfo.InvariantCulture, $"model.layers.{layer}.{name}.weight"), shape);
            if (pairedHeads > 0)
            {
                Unpair(_tensors[^1].Values, pairedHeads);
            }
        }
    }

    private void Take(string name, int[] shape)
    {
        int length = shape.Aggregate(1, (product, dimension) => product * dimension);
        _tensors.Add((name, shape, _weights[_position..(_position + length)]));
        _position += length;
    }

    private void Unpair(float[] values, int heads)
    {
        float[] paired = [.. values];
        int half = values.Length / _hidden / heads / 2;
        for (int head = 0; head < heads; head++)
        {
            for (int i = 0; i < 2 * half; i++)
            {
                int from = (2 * head * half) + i;
                int to = (2 * head * half) + (i / 2) + (i % 2 * half);
                paired.AsSpan(from * _hidden, _hidden).CopyTo(values.AsSpan(to * _hidden));
            }
        }
    }
}

internal static class SafetensorsWriter
{
    public static void Write(string path, IReadOnlyList<(string Name, int[] Shape, float[] Values)> tensors)
    {
        Dictionary<string, object> header = [];
        long offset = 0;
        foreach ((string name, int[] shape, float[] values) in tensors)
        {
            long end = offset + (values.Length * sizeof(float));
            header[name] = new { dtype = "F32", shape, data_offsets = new[] { offset, end } };
            offset = end;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        using BinaryWriter file = new(File.Create(path));
        file.Write((long)json.Length);
        file.Write(json);
        foreach ((_, _, float[] values) in tensors)
        {
            file.Write(MemoryMarshal.AsBytes<float>(values));
        }
    }
}
