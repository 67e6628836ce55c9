namespace DeepSeekOrleans.Benchmarks.Machine;

/// <summary>Which CPU a table was taken on, and which of its features decide how fast a matrix product is.</summary>
internal static class CpuDescription
{
    private static readonly string[] Telling = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"];

    public static string Read()
    {
        const string Path = "/proc/cpuinfo";
        if (!File.Exists(Path))
        {
            return $"{Environment.ProcessorCount} processors";
        }

        string[] lines = File.ReadAllLines(Path);
        HashSet<string> flags = [.. Value(lines, "flags").Split(' ')];
        return $"{Value(lines, "model name")}, family {Value(lines, "cpu family")} model {Value(lines, "model")}, {Environment.ProcessorCount} processors; "
            + $"has {string.Join(", ", Telling.Where(flags.Contains))}; has not {string.Join(", ", Telling.Where(flag => !flags.Contains(flag)))}";
    }

    private static string Value(string[] lines, string name) =>
        lines.FirstOrDefault(line => line.Split(':')[0].Trim() == name)?.Split(':', 2)[1].Trim() ?? "unknown";
}
