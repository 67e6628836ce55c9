using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Onnx.Containment;

/// <summary>Holds a model inside its directory: what a graph names is opened by native code with this process's rights.</summary>
internal static class ModelFiles
{
    /// <exception cref="ModelFormatException">The graph is missing or damaged, or names data outside its directory or behind a link.</exception>
    public static void Check(string directory, string graphFile)
    {
        string path = Path.Combine(directory, graphFile);
        if (!File.Exists(path))
        {
            throw new ModelFormatException(graphFile, "the file is missing");
        }

        foreach (string location in ExternalDataScan.TensorsIn(path).Select(tensor => tensor.Location).Distinct(StringComparer.Ordinal))
        {
            CheckLocation(Path.GetFullPath(directory), graphFile, location);
        }
    }

    private static void CheckLocation(string directory, string graphFile, string location)
    {
        string[] parts = location.Split('/', '\\');
        if (parts.Any(part => part is "" or "." or "..") || Path.IsPathRooted(location) || location.Contains(':', StringComparison.Ordinal))
        {
            throw new ModelFormatException(graphFile, "the graph names weights outside the model's directory");
        }

        string path = directory;
        foreach (string part in parts)
        {
            path = Path.Combine(path, part);
            FileSystemInfo found = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
            if (found.LinkTarget is not null)
            {
                throw new ModelFormatException(part, "weights must not lie behind a link");
            }
        }

        if (!File.Exists(path))
        {
            throw new ModelFormatException(path, $"the file is missing, though {graphFile} keeps weights in it");
        }
    }
}
