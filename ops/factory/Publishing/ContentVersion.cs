using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DeepSeekOrleans.ModelFactory.Publishing;

/// <summary>SHA-256 over the names and contents of a model's files.</summary>
internal static class ContentVersion
{
    private const int BufferSize = 1 << 20;

    /// <param name="form">What is made of the files: equal sources in two forms are two versions.</param>
    public static string Compute(
        string directory, IReadOnlyList<string> files, string form, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        long total = files.Sum(file => new FileInfo(Path.Combine(directory, file)).Length);
        long done = 0;
        byte[] buffer = new byte[BufferSize];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, form, 0);
        foreach (string name in files.Order(StringComparer.Ordinal))
        {
            using FileStream file = new(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            Append(hash, name, file.Length);
            for (int read = file.Read(buffer); read > 0; read = file.Read(buffer))
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                done += read;
                progress?.Report(new ConversionProgress(ConversionStage.Hashing, done, total));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Lengths stand before contents, so that no two sets of files can run together into the same bytes.
    private static void Append(IncrementalHash hash, string name, long length)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        Span<byte> lengths = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(lengths, bytes.Length);
        BinaryPrimitives.WriteInt64LittleEndian(lengths[8..], length);
        hash.AppendData(lengths);
        hash.AppendData(bytes);
    }
}
