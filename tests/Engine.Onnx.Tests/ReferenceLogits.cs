using System.Runtime.InteropServices;
using DeepSeekOrleans.ModelFactory.Weights;

namespace DeepSeekOrleans.Engine.Onnx.Tests;

/// <summary>A prompt and the float32 logits of each of its positions, [positions x vocabulary], from another implementation.</summary>
internal sealed record ReferenceLogits(int[] Ids, float[] Logits)
{
    public static IReadOnlyList<ReferenceLogits> Read(string path)
    {
        Dictionary<string, TensorPlace> places = SafetensorsHeader.Read(path).ToDictionary(place => place.Name);
        using MappedFile file = new(path);
        List<ReferenceLogits> references = [];
        for (int i = 0; places.TryGetValue($"ids.{i}", out TensorPlace? ids); i++)
        {
            TensorPlace logits = places[$"logits.{i}"];
            references.Add(new ReferenceLogits(
                [.. MemoryMarshal.Cast<byte, long>(file.Bytes(ids.Offset, (int)ids.Length)).ToArray().Select(id => (int)id)],
                MemoryMarshal.Cast<byte, float>(file.Bytes(logits.Offset, (int)logits.Length)).ToArray()));
        }

        return references;
    }
}
