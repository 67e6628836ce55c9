using System.Text.Json;
using System.Text.Json.Serialization;
using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Onnx;

namespace DeepSeekOrleans.ModelFactory.Publishing;

/// <summary>
/// What an unfinished import has written so far: <c>import.json</c> in the target folder, rewritten after each file. A later run keeps
/// the files whose bytes are still those.
/// </summary>
internal sealed class ImportJournal
{
    public const string FileName = "import.json";

    private readonly string _folder;
    private readonly string _version;
    private readonly Dictionary<string, ManifestFile> _files = new(StringComparer.Ordinal);

    private ImportJournal(string folder, string version)
    {
        _folder = folder;
        _version = version;
    }

    public IReadOnlyCollection<ManifestFile> Files => _files.Values;

    /// <summary>
    /// Opens the journal of a folder, or the manifest of a finished import. Files that are no longer what they were are deleted.
    /// </summary>
    /// <exception cref="ModelFormatException">The folder holds something else; nothing of it is touched.</exception>
    public static ImportJournal Open(string folder, string version)
    {
        ImportJournal journal = new(folder, version);
        JournalContent left = LeftBehind(folder)
            ?? (IsUntouched(folder)
                ? new JournalContent(version, [])
                : throw new ModelFormatException(folder, "is not empty and holds no import; name a new directory"));
        if (left.Version != version && File.Exists(Path.Combine(folder, ModelManifest.FileName)))
        {
            throw new ModelFormatException(folder, "holds another model or another precision of it; name a new directory");
        }

        foreach (ManifestFile file in left.Files)
        {
            journal.Keep(file, left.Version == version);
        }

        journal.Save();
        return journal;
    }

    public bool Holds(string name) => _files.ContainsKey(name);

    /// <summary>Remembers a file that is whole under its own name.</summary>
    public void Add(string name)
    {
        _files[name] = ModelManifest.Describe(Path.Combine(_folder, name));
        Save();
    }

    public void Delete() => File.Delete(Path.Combine(_folder, FileName));

    private void Save()
    {
        string path = Path.Combine(_folder, FileName);
        string unfinished = $"{path}{ModelFileWriter.Unfinished}";
        File.WriteAllBytes(unfinished, JsonSerializer.SerializeToUtf8Bytes(new JournalContent(_version, [.. _files.Values]), JournalContext.Default.JournalContent));
        File.Move(unfinished, path, overwrite: true);
    }

    private void Keep(ManifestFile file, bool isOfThisVersion)
    {
        FileInfo found = new(Path.Combine(_folder, file.Name));
        if (isOfThisVersion && found is { Exists: true, LinkTarget: null } && found.Length == file.Size && ModelManifest.Describe(found.FullName) == file)
        {
            _files[file.Name] = file;
        }
        else
        {
            found.Delete();
        }
    }

    private static bool IsUntouched(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .All(path => path.EndsWith(ModelFileWriter.Unfinished, StringComparison.Ordinal));

    private static JournalContent? LeftBehind(string folder)
    {
        try
        {
            string path = Path.Combine(folder, FileName);
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), JournalContext.Default.JournalContent)
                : ModelManifest.TryRead(folder) is { } finished ? new JournalContent(finished.Version, [.. finished.Files])
                : null;
        }
        catch (Exception exception) when (exception is JsonException or ModelFormatException)
        {
            return null;
        }
    }
}

internal sealed record JournalContent(string Version, ManifestFile[] Files);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JournalContent))]
internal sealed partial class JournalContext : JsonSerializerContext;
