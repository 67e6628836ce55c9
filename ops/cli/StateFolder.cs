namespace DeepSeekOrleans.Cli;

/// <summary>Where the tool keeps what it must remember between two calls.</summary>
internal static class StateFolder
{
    private static readonly string Root =
        Environment.GetEnvironmentVariable("DEEPSEEK_STATE")
        ?? System.IO.Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "deepseek-orleans",
            "state");

    /// <summary>A folder below the root, created when absent.</summary>
    public static string Path(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Root, name)).FullName;
}
