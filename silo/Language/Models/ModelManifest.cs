using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Language;

/// <param name="Name">Of a file beside the manifest.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Hex, lower case.</param>
public sealed record ManifestFile(string Name, long Size, string Sha256);

/// <summary><c>manifest.json</c>: every file of a converted model. It is written last, so a folder that has one is complete.</summary>
/// <param name="Version">SHA-256 (hex) of the source files' names and contents and of the form they were converted to.</param>
/// <param name="Precision">What the weights are stored and the products computed in; <see cref="Int8KvCache"/> follows where the KV cache has a form of its own.</param>
/// <param name="Digest">SHA-256 (hex) of all that stands before it, so that a flipped bit in the manifest is not blamed on another file.</param>
public sealed record ModelManifest(string Version, string Precision, IReadOnlyList<ManifestFile> Files, string Digest)
{
    public const string FileName = "manifest.json";

    /// <summary>Ends the precision of a model whose keys and values are kept as 8-bit numbers.</summary>
    public const string Int8KvCache = ", kv int8";

    public static ModelManifest Create(string version, string precision, IEnumerable<ManifestFile> files)
    {
        ManifestFile[] sorted = [.. files.OrderBy(file => file.Name, StringComparer.Ordinal)];
        return new ModelManifest(version, precision, sorted, DigestOf(version, precision, sorted));
    }

    /// <summary>Size and hash of a file as it lies on the disk.</summary>
    public static ManifestFile Describe(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return new ManifestFile(Path.GetFileName(path), stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    public void Write(string directory) => File.WriteAllBytes(Path.Combine(directory, FileName), Bytes());

    /// <summary>Reads the manifest; null when the directory has none.</summary>
    /// <exception cref="ModelFormatException">It is damaged.</exception>
    public static ModelManifest? TryRead(string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            byte[] bytes = Models.JsonFile.ReadBytes(path);
            ModelManifest manifest = JsonSerializer.Deserialize(bytes, ManifestContext.Default.ModelManifest)!;
            return manifest is { Version: not null, Precision: not null, Files.Count: > 0 }
                && manifest.Files.All(file => file is { Name: not null, Sha256: not null } && Path.GetFileName(file.Name) == file.Name)
                && bytes.AsSpan().SequenceEqual(Create(manifest.Version, manifest.Precision, manifest.Files).Bytes())
                ? manifest
                : throw new ModelFormatException(path, "is damaged: its digest is another");
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(path, "is damaged: not valid JSON", exception);
        }
    }

    /// <summary>Compares names and sizes with what lies in the directory, and no contents.</summary>
    /// <exception cref="ModelFormatException">A file is missing, too many, a link or of another size; it names the file.</exception>
    public void CheckSizes(string directory)
    {
        HashSet<string> known = [FileName, .. Files.Select(file => file.Name)];
        if (Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName).FirstOrDefault(name => !known.Contains(name!)) is { } stranger)
        {
            throw new ModelFormatException(stranger, $"is not in {FileName}: a converted model holds nothing else");
        }

        foreach (ManifestFile file in Files)
        {
            FileInfo found = new(Path.Combine(directory, file.Name));
            string? problem = found switch
            {
                { LinkTarget: not null } => "is a link: a model must lie in its own directory",
                { Exists: false } => "the file is missing",
                _ when found.Length != file.Size => $"has {found.Length} bytes, {FileName} says {file.Size}",
                _ => null,
            };
            if (problem is not null)
            {
                throw new ModelFormatException(file.Name, problem);
            }
        }
    }

    /// <summary>Compares every byte with what was written: about a second for two gigabytes that the system has in memory.</summary>
    /// <exception cref="ModelFormatException">A file is missing, too many, a link or damaged; it names the file.</exception>
    public void Check(string directory)
    {
        CheckSizes(directory);
        foreach (ManifestFile file in Files)
        {
            if (Describe(Path.Combine(directory, file.Name)) != file)
            {
                throw new ModelFormatException(file.Name, $"is damaged: its SHA-256 is not the one in {FileName}");
            }
        }
    }

    private byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestContext.Default.ModelManifest);

    private static string DigestOf(string version, string precision, ManifestFile[] files)
    {
        StringBuilder lines = new($"{version}\n{precision}\n");
        foreach (ManifestFile file in files)
        {
            lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"{file.Sha256} {file.Size} {file.Name}\n");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ManifestContext : JsonSerializerContext;
