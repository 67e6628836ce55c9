using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeepSeekOrleans.Cli.Chat;

/// <summary>A conversation that <c>chat --session</c> continues, kept in a file that only its owner can read.</summary>
internal sealed partial class ConversationFile
{
    private readonly string _path;

    private ConversationFile(string path, IReadOnlyList<ChatMessage> messages)
    {
        _path = path;
        Messages = messages;
    }

    public IReadOnlyList<ChatMessage> Messages { get; }

    public static bool IsName(string name) => Name().IsMatch(name);

    /// <exception cref="CliException">The file is not a conversation.</exception>
    public static ConversationFile Open(string session)
    {
        string path = Path.Combine(StateFolder.Path("conversations"), $"{session}.json");
        if (!File.Exists(path))
        {
            return new ConversationFile(path, []);
        }

        try
        {
            return new ConversationFile(path, JsonSerializer.Deserialize<ChatMessage[]>(File.ReadAllBytes(path)) ?? []);
        }
        catch (JsonException exception)
        {
            throw new CliException(ExitCode.Failed, $"'{path}' is not a conversation; delete it to start anew", exception);
        }
    }

    public void Save(IReadOnlyList<ChatMessage> messages)
    {
        string temporary = $"{_path}.new";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(temporary, options))
        {
            JsonSerializer.Serialize(file, messages);
        }

        File.Move(temporary, _path, overwrite: true);
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
