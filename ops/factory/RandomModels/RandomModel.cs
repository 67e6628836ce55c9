using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.RandomModels;

/// <summary>Writes a Hugging Face directory in the shape of a published model with random weights: right for speed, useless for text.</summary>
public static class RandomModel
{
    private const int ElementBytes = 2;
    private const int BandLength = 1 << 20;
    private const int Alignment = 8;

    private static readonly string[] TokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
    ];

    /// <summary>Writes <c>config.json</c>, <c>model.safetensors</c> (bf16) and the tokenizer's files; memory stays at a few MiB.</summary>
    /// <param name="directory">Made when it is missing; must be empty.</param>
    /// <param name="tokenizerDirectory">Where the tokenizer is copied from; its vocabulary may be smaller than the model's.</param>
    /// <param name="seed">Equal seeds give equal bytes on every machine.</param>
    /// <param name="progress">Bytes written so far.</param>
    /// <returns>The bytes of the weights.</returns>
    /// <exception cref="ModelFormatException">The target is not empty, or there is no <c>tokenizer.json</c>.</exception>
    public static long Write(
        DecoderShape shape, string directory, string tokenizerDirectory, ulong seed, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentException.ThrowIfNullOrEmpty(tokenizerDirectory);
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            throw new ModelFormatException(directory, "is not empty; name a new directory");
        }

        if (!File.Exists(Path.Combine(tokenizerDirectory, "tokenizer.json")))
        {
            throw new ModelFormatException(Path.Combine(tokenizerDirectory, "tokenizer.json"), "is missing");
        }

        Directory.CreateDirectory(directory);
        foreach (string file in TokenizerFiles.Where(file => File.Exists(Path.Combine(tokenizerDirectory, file))))
        {
            File.Copy(Path.Combine(tokenizerDirectory, file), Path.Combine(directory, file));
        }

        long bytes = WriteWeights(shape, Path.Combine(directory, "model.safetensors"), seed, progress, cancellationToken);

        // Last, because without it nothing takes the directory for a model: an interrupted one is never loaded.
        File.WriteAllText(
            Path.Combine(directory, "config.json"), shape.Configuration().ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        return bytes;
    }

    private static long WriteWeights(DecoderShape shape, string path, ulong seed, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        TensorShape[] tensors = [.. shape.Tensors()];
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        byte[] header = Header(tensors);
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(header);
        ushort[] band = new ushort[BandLength];
        long written = 0;
        foreach (TensorShape tensor in tensors)
        {
            RandomBrainFloats numbers = new(seed, tensor);
            for (long left = tensor.Length; left > 0; left -= BandLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Span<ushort> part = band.AsSpan(0, (int)Math.Min(left, BandLength));
                numbers.Fill(part);
                file.Write(MemoryMarshal.AsBytes(part));
                written += part.Length * ElementBytes;
                progress?.Report(written);
            }
        }

        return written;
    }

    private static byte[] Header(TensorShape[] tensors)
    {
        JsonObject entries = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long offset = 0;
        foreach (TensorShape tensor in tensors)
        {
            long end = offset + (tensor.Length * ElementBytes);
            entries[tensor.Name] = new JsonObject
            {
                ["dtype"] = "BF16",
                ["shape"] = new JsonArray([.. tensor.Dimensions.Select(dimension => JsonValue.Create(dimension))]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        // Spaces at the end, so that the numbers begin at a multiple of eight.
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(entries);
        return [.. json, .. Enumerable.Repeat((byte)' ', (Alignment - (json.Length % Alignment)) % Alignment)];
    }
}
