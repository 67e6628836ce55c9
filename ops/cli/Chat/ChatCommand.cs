using System.CommandLine;

namespace DeepSeekOrleans.Cli.Chat;

internal static class ChatCommand
{
    private const string NewConversation = "new";

    public static Command Create()
    {
        Argument<string> text = new("text") { Description = "What to say" };
        Option<Uri> url = new("--url")
        {
            Description = "The cluster's HTTP address",
            CustomParser = result => Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? given) && given.Scheme is "http" or "https"
                ? given
                : Refuse(result),
            DefaultValueFactory = _ => new Uri("http://127.0.0.1:8080"),
        };
        Option<string?> model = new("--model") { Description = "A model's name; by default the first that the cluster serves" };
        Option<string?> session = new("--session") { Description = "Continue the conversation of this name, kept on this machine" };
        session.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && !ConversationFile.IsName(name))
            {
                result.AddError("--session must be 1 to 64 letters, digits, '-' or '_'");
            }
        });
        Option<string?> conversation = new("--conversation")
        {
            Description = $"Continue the stored conversation of this id, kept in the cluster; '{NewConversation}' begins one and tells its id",
        };
        Command command = new(
            "chat", "Streams an answer of the cluster; the key comes from the environment variable DEEPSEEK_API_KEY, where one is needed")
        {
            text, url, model, session, conversation,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(session) is not null && result.GetValue(conversation) is not null)
            {
                result.AddError("--session and --conversation exclude each other: what was said before comes from one place");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new ChatQuestion(
                parsed.GetRequiredValue(text), parsed.GetRequiredValue(url), parsed.GetValue(model), parsed.GetValue(session), parsed.GetValue(conversation)),
            cancellationToken));
        return command;
    }

    private static Uri Refuse(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError($"'{result.Tokens[0].Value}' is not an http or https address");
        return new Uri("http://invalid");
    }

    private static async Task<int> RunAsync(ChatQuestion question, CancellationToken cancellationToken)
    {
        using ClusterClient cluster = new(question.Url);
        ConversationFile? file = question.Session is null ? null : ConversationFile.Open(question.Session);
        string model = question.Model ?? await cluster.FirstModelAsync(cancellationToken);
        string? conversation = question.Conversation;
        if (conversation == NewConversation)
        {
            // beside the answer, which may be on its way into a file
            conversation = await cluster.CreateConversationAsync(cancellationToken);
            await Console.Error.WriteLineAsync(conversation);
        }

        List<ChatMessage> messages = [.. file?.Messages ?? [], new("user", question.Text)];
        ChatTurn turn = new(model, messages) { Session = question.Session, Conversation = conversation };

        AnswerWriter writer = new(Console.Out, colour: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "");
        await foreach (AnswerDelta delta in cluster.StreamAsync(turn, cancellationToken))
        {
            writer.Write(delta);
        }

        writer.End();
        file?.Save([.. messages, new("assistant", writer.Content)]);
        return ExitCode.Ok;
    }

    private sealed record ChatQuestion(string Text, Uri Url, string? Model, string? Session, string? Conversation);
}
