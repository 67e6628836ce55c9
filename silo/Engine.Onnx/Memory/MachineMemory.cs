using System.Globalization;

namespace DeepSeekOrleans.Engine.Onnx.Memory;

public static class MachineMemory
{
    private const string LinuxMemory = "/proc/meminfo";
    private const string AvailableLine = "MemAvailable:";

    /// <summary>Bytes that this process can still fill: of the machine, or of the container's limit where that is lower.</summary>
    public static long AvailableBytes()
    {
        GCMemoryInfo seen = GC.GetGCMemoryInfo(GCKind.Any);
        long limit = seen.TotalAvailableMemoryBytes;
        return LinuxAvailable() is { } free ? Math.Min(limit, free) : Math.Max(0, limit - seen.MemoryLoadBytes);
    }

    // counts what the page cache would give back, which "free" does not
    private static long? LinuxAvailable()
    {
        if (!File.Exists(LinuxMemory))
        {
            return null;
        }

        string? line = File.ReadLines(LinuxMemory).FirstOrDefault(line => line.StartsWith(AvailableLine, StringComparison.Ordinal));
        string[] words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
            ? kibibytes << 10
            : null;
    }
}
