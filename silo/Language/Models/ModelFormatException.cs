namespace DeepSeekOrleans.Language;

/// <summary>A file of a model directory is damaged, or asks for something that this version does not do.</summary>
public sealed class ModelFormatException : Exception
{
    /// <param name="fileName">The file's name; a path is cut down to it, so that messages tell nothing about the machine.</param>
    /// <param name="message">What is wrong with the file.</param>
    /// <param name="innerException">The parser's own complaint, where there is one.</param>
    public ModelFormatException(string fileName, string message, Exception? innerException = null)
        : base($"{Path.GetFileName(fileName)}: {message}", innerException)
    {
        FileName = Path.GetFileName(fileName);
    }

    /// <summary>The name of the file, without a path.</summary>
    public string FileName { get; }
}
