namespace DeepSeekOrleans.Cli.ModelTools;

internal static class ModelDirectory
{
    /// <summary>Where models that had to be converted are kept, named by the hash of what they were made from.</summary>
    public static string CacheRoot { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("DEEPSEEK_CACHE")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "deepseek-orleans"),
        "models");

    /// <summary>The model that travels with the tool.</summary>
    public static DirectoryInfo Demo { get; } = new(Path.Combine(AppContext.BaseDirectory, "demo-model"));

    /// <summary>The absolute path of a model: a directory, or a GGUF file in its place.</summary>
    public static string Existing(DirectoryInfo model) => model.Exists || File.Exists(model.FullName)
        ? model.FullName
        : throw new CliException(ExitCode.ModelRefused, $"there is no model directory or GGUF file '{model}'");
}
