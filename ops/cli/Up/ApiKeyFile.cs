namespace DeepSeekOrleans.Cli.Up;

internal sealed record ApiKeyLine(string Tenant, string Sha256);

/// <summary>Lines of <c>tenant sha256-of-key-in-hex</c>; empty lines and lines that start with # are skipped.</summary>
internal static class ApiKeyFile
{
    // a file that is not a key file at all should not be read to its end
    private const int MaxLines = 100_000;

    /// <exception cref="CliException">The file is missing or a line is not of that form; the message names the line's number.</exception>
    public static IReadOnlyList<ApiKeyLine> Read(FileInfo file)
    {
        if (!file.Exists)
        {
            throw new CliException(ExitCode.WrongUsage, $"there is no key file '{file}'");
        }

        List<ApiKeyLine> keys = [];
        int number = 0;
        foreach (string line in File.ReadLines(file.FullName).Take(MaxLines))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line) && !line.StartsWith('#'))
            {
                keys.Add(Parse(line, number));
            }
        }

        return keys.Count > 0 ? keys : throw new CliException(ExitCode.WrongUsage, $"'{file}' holds no key");
    }

    private static ApiKeyLine Parse(string line, int number)
    {
        string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts is [_, { Length: 64 } hash] && hash.All(char.IsAsciiHexDigit)
            ? new ApiKeyLine(parts[0], hash)
            : throw new CliException(ExitCode.WrongUsage, $"line {number} of the key file is not 'tenant sha256-in-hex'");
    }
}
