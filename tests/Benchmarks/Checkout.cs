namespace DeepSeekOrleans.Benchmarks;

/// <summary>The working copy that the benchmark runs from.</summary>
internal static class Checkout
{
    /// <param name="relative">A folder of the repository, with forward slashes.</param>
    /// <exception cref="DirectoryNotFoundException">The benchmark does not run from inside a checkout.</exception>
    public static string Folder(string relative)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string directory = System.IO.Path.Combine(folder.FullName, relative);
            if (Directory.Exists(directory))
            {
                return directory;
            }
        }

        throw new DirectoryNotFoundException($"the benchmark does not run from inside a checkout: no folder above it has {relative}");
    }
}
