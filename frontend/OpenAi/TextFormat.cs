using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.Streaming;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Answers of <c>/v1/completions</c>.</summary>
internal sealed class TextFormat(AnswerHeader header) : AnswerFormat(header)
{
    /// <summary>Text completions open with their first text.</summary>
    public override void WriteOpening(SseWriter sse, int index)
    {
    }

    public override void WriteDelta(SseWriter sse, int index, TextDelta delta)
    {
        if (delta.Content.Length > 0)
        {
            Write(sse, new TextChoice(index, delta.Content, null), Filling(delta.Content));
        }
    }

    public override void WriteFinish(SseWriter sse, int index, GenerationStream answer) =>
        Write(sse, Choice(index, "", answer));

    public override void WriteUsage(SseWriter sse, Answers answers) =>
        sse.WriteEvent(WithUsage([], answers.ToUsage(), null), OpenAiJsonContext.Default.TextCompletionWithUsage);

    public override Task WriteWholeAsync(HttpResponse response, Answers answers, TextDelta[] texts, CancellationToken cancellationToken)
    {
        TextChoice[] choices = [.. texts.Select((text, index) => Choice(index, text.Content, answers.Streams[index]))];
        TextCompletionWithUsage completion = WithUsage(choices, answers.ToUsage(), null);
        return response.WriteJsonAsync(completion, OpenAiJsonContext.Default.TextCompletionWithUsage, cancellationToken);
    }

    private TextChoice Choice(int index, string text, GenerationStream answer) =>
        new(index, text, AnswerHeader.FinishReason(answer.Finish)) { Evidence = Header.Evidence(answer) };

    private void Write(SseWriter sse, TextChoice choice, string? filling = null)
    {
        if (Header.Shape.IncludeUsage)
        {
            sse.WriteEvent(WithUsage([choice], null, filling), OpenAiJsonContext.Default.TextCompletionWithUsage);
            return;
        }

        var chunk = new TextCompletion
        {
            Id = Header.Id,
            Created = Header.Created,
            Model = Header.Model.Name,
            SystemFingerprint = Header.Model.Fingerprint,
            Choices = [choice],
            Obfuscation = filling,
        };
        sse.WriteEvent(chunk, OpenAiJsonContext.Default.TextCompletion);
    }

    private TextCompletionWithUsage WithUsage(TextChoice[] choices, Usage? usage, string? filling) => new()
    {
        Id = Header.Id,
        Created = Header.Created,
        Model = Header.Model.Name,
        SystemFingerprint = Header.Model.Fingerprint,
        Choices = choices,
        Obfuscation = filling,
        Usage = usage,
    };
}
