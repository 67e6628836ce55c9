using DeepSeekOrleans.Language;
using DeepSeekOrleans.ModelFactory.Publishing;
using DeepSeekOrleans.ModelFactory.Sources;

namespace DeepSeekOrleans.ModelFactory;

/// <param name="Version">As <see cref="PreparedModel.Version"/>.</param>
/// <param name="SourceBytes">Of all source files.</param>
/// <param name="Bytes">Of all files that were made of them.</param>
/// <param name="FilesKept">Whole and verified from an earlier run, and not written again.</param>
public sealed record ImportedModel(string Version, long SourceBytes, long Bytes, int FilesWritten, int FilesKept);

/// <summary>Converts a model into a directory of its own, to be carried to other machines.</summary>
public static class ModelImport
{
    /// <summary>
    /// Writes the ONNX form of <paramref name="source"/>, a directory or a GGUF file, to <paramref name="target"/>. When a run was
    /// interrupted or a file has been damaged since, a further run writes only what is missing.
    /// </summary>
    /// <exception cref="ModelFormatException">
    /// A source file is missing, damaged or not supported, or the target holds something else; the message names it.
    /// </exception>
    public static ImportedModel Run(
        string source, string target, ModelForm form, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(target);
        string path = Path.GetFullPath(source);
        string folder = Path.GetFullPath(target);
        if (Directory.Exists(path) && SourceFiles.HoldsOnnxDecoder(path))
        {
            throw new ModelFormatException(path, "holds an ONNX decoder already: it is served as it is");
        }

        using Conversion conversion = Conversion.Open(ModelConversion.Open(path), form, progress, cancellationToken);
        Directory.CreateDirectory(folder);
        ImportJournal journal = ImportJournal.Open(folder, conversion.Version);
        int kept = journal.Files.Count;
        conversion.Write(folder, journal, progress, cancellationToken);
        return new ImportedModel(
            conversion.Version, conversion.SourceBytes, journal.Files.Sum(file => file.Size), journal.Files.Count - kept, kept);
    }
}
