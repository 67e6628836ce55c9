namespace DeepSeekOrleans.ModelFactory.Publishing;

/// <summary>The form that was chosen for a model: a file of two lines beside the converted models, the name of the form and the reason.</summary>
internal sealed class ChoiceRecord(string root, string version)
{
    private readonly string _path = Path.Combine(root, $"{version}.form");

    /// <summary>Null where nothing was chosen yet, or by a program that knew other forms.</summary>
    public FormChoice? TryRead()
    {
        if (!File.Exists(_path) || File.ReadAllLines(_path) is not [string name, string reason])
        {
            return null;
        }

        ModelPrecision[] named = [.. Enum.GetValues<ModelPrecision>().Where(precision => precision.Name() == name)];
        return named is [ModelPrecision precision] ? new FormChoice(precision, reason) : null;
    }

    /// <summary>Keeps what <paramref name="choose"/> finds with an empty folder to work in; where another process was first, what that found.</summary>
    public FormChoice Keep(Func<string, FormChoice> choose)
    {
        Directory.CreateDirectory(root);
        string folder = Directory.CreateDirectory(Path.Combine(root, $".probe-{version[..16]}-{Guid.NewGuid():N}")).FullName;
        try
        {
            FormChoice found = choose(folder);
            string unfinished = Path.Combine(folder, "form");
            File.WriteAllLines(unfinished, [found.Precision.Name(), found.Reason]);
            return Publish(unfinished) ?? found;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private FormChoice? Publish(string unfinished)
    {
        try
        {
            File.Move(unfinished, _path);
            return null;
        }
        catch (IOException) when (File.Exists(_path))
        {
            FormChoice? first = TryRead();
            if (first is null)
            {
                File.Move(unfinished, _path, overwrite: true);
            }

            return first;
        }
    }
}
