namespace DeepSeekOrleans.TestKit;

/// <summary>The folder of tokenizers, models and references that lies beside the checkout; it is not part of the project.</summary>
public static class SharedData
{
    private static readonly string? Root = Find();

    public static bool Exists => Root is not null;

    /// <summary>The absolute path of a file or folder below the shared data, for example <c>"oracle/qwen3.tokens.jsonl"</c>.</summary>
    public static string Path(string relative) =>
        System.IO.Path.Combine(Root ?? throw new InvalidOperationException("shared data is absent; mark the test with [SharedDataFact]"), relative);

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "DeepSeekOrleans.sln")))
            {
                string data = System.IO.Path.Combine(folder.Parent!.FullName, "shared", "data");
                return Directory.Exists(data) ? data : null;
            }
        }

        return null;
    }
}
