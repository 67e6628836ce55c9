using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.ModelFactory.Publishing;

/// <summary>One converted model in the cache: a folder that is either whole or absent, however many processes write it at once.</summary>
internal sealed class CacheFolder(string root, string version)
{
    public string Path { get; } = System.IO.Path.Combine(root, version);

    /// <summary>True when every file is there in its size. Contents are compared when the model is loaded.</summary>
    public bool IsComplete()
    {
        try
        {
            if (ModelManifest.TryRead(Path) is not { } manifest)
            {
                return false;
            }

            manifest.CheckSizes(Path);
            return true;
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }

    /// <summary>Lets <paramref name="fill"/> write into a folder of its own and then gives it its name in one step.</summary>
    public void Publish(Action<string> fill)
    {
        Directory.CreateDirectory(root);
        string unfinished = Directory.CreateDirectory(System.IO.Path.Combine(root, $".unfinished-{version[..16]}-{Guid.NewGuid():N}")).FullName;
        try
        {
            fill(unfinished);
            Rename(unfinished);
        }
        finally
        {
            if (Directory.Exists(unfinished))
            {
                Directory.Delete(unfinished, recursive: true);
            }
        }
    }

    private void Rename(string unfinished)
    {
        if (Directory.Exists(Path) && !IsComplete())
        {
            SetAside();
        }

        try
        {
            Directory.Move(unfinished, Path);
        }
        catch (IOException) when (IsComplete())
        {
            // Another process was first with the same content; ours is deleted by the caller.
        }
    }

    // Moved before it is deleted: a rename is one step, a deletion is not, and another process may be looking.
    private void SetAside()
    {
        string damaged = System.IO.Path.Combine(root, $".damaged-{Guid.NewGuid():N}");
        try
        {
            Directory.Move(Path, damaged);
        }
        catch (DirectoryNotFoundException)
        {
            return; // Another process has set it aside already.
        }

        Directory.Delete(damaged, recursive: true);
    }
}
