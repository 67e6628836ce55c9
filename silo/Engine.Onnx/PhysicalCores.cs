namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>Two threads of one core share its multipliers: a second one per core slows a matrix product down.</summary>
internal static class PhysicalCores
{
    public static int Count { get; } = Math.Max(1, Math.Min(Environment.ProcessorCount, Distinct() ?? Environment.ProcessorCount));

    // Linux names the threads of each core; elsewhere the number of processors has to do.
    private static int? Distinct()
    {
        const string Folder = "/sys/devices/system/cpu";
        if (!Directory.Exists(Folder))
        {
            return null;
        }

        HashSet<string> cores = new(StringComparer.Ordinal);
        foreach (string processor in Directory.EnumerateDirectories(Folder, "cpu*"))
        {
            string siblings = Path.Combine(processor, "topology", "thread_siblings_list");
            if (File.Exists(siblings))
            {
                cores.Add(File.ReadAllText(siblings).Trim());
            }
        }

        return cores.Count > 0 ? cores.Count : null;
    }
}
