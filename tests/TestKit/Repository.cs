namespace DeepSeekOrleans.TestKit;

/// <summary>Paths inside the checkout that a test runs from.</summary>
public static class Repository
{
    /// <summary>The folder that holds <c>DeepSeekOrleans.sln</c>.</summary>
    public static string Root { get; } = Find();

    public static string DemoModel => Path.Combine(Root, "ops", "demo-model");

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DeepSeekOrleans.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("the tests do not run from inside a checkout");
    }
}
