using System.Diagnostics;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>How this tool starts itself again, installed or run by <c>dotnet</c>.</summary>
internal static class OwnProgram
{
    public static string[] Words => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "deepseek.dll")]
        : [Environment.ProcessPath!];

    public static ProcessStartInfo StartInfo(params string[] arguments) => new(Words[0], [.. Words[1..], .. arguments]);
}
