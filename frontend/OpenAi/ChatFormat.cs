using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.Streaming;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Answers of <c>/v1/chat/completions</c>.</summary>
internal sealed class ChatFormat(AnswerHeader header) : AnswerFormat(header)
{
    public override void WriteOpening(SseWriter sse, int index) => Write(sse, new ChatChunkChoice(index, ChatDelta.Opening, null));

    public override void WriteDelta(SseWriter sse, int index, TextDelta delta)
    {
        // never both in one event: clients switch their display by which of the two is there
        if (delta.Reasoning.Length > 0)
        {
            var reasoning = new ChatDelta { ReasoningContent = delta.Reasoning };
            Write(sse, new ChatChunkChoice(index, reasoning, null), Filling(delta.Reasoning));
        }

        if (delta.Content.Length > 0)
        {
            Write(sse, new ChatChunkChoice(index, new ChatDelta { Content = delta.Content }, null), Filling(delta.Content));
        }
    }

    public override void WriteFinish(SseWriter sse, int index, GenerationStream answer) =>
        Write(sse, new ChatChunkChoice(index, ChatDelta.Empty, AnswerHeader.FinishReason(answer.Finish)) { Evidence = Header.Evidence(answer) });

    public override void WriteUsage(SseWriter sse, Answers answers) =>
        sse.WriteEvent(Chunk([], answers.ToUsage(), null), OpenAiJsonContext.Default.ChatCompletionChunkWithUsage);

    public override Task WriteWholeAsync(HttpResponse response, Answers answers, TextDelta[] texts, CancellationToken cancellationToken)
    {
        var completion = new ChatCompletion
        {
            Id = Header.Id,
            Created = Header.Created,
            Model = Header.Model.Name,
            SystemFingerprint = Header.Model.Fingerprint,
            Choices = [.. texts.Select((text, index) => Choice(index, text, answers.Streams[index]))],
            Usage = answers.ToUsage(),
        };
        return response.WriteJsonAsync(completion, OpenAiJsonContext.Default.ChatCompletion, cancellationToken);
    }

    private ChatChoice Choice(int index, TextDelta text, GenerationStream answer)
    {
        string? reasoning = text.Reasoning.Length > 0 ? text.Reasoning : null;
        var message = new AssistantMessage { Content = text.Content, ReasoningContent = reasoning };
        return new ChatChoice(index, message, AnswerHeader.FinishReason(answer.Finish)) { Evidence = Header.Evidence(answer) };
    }

    private void Write(SseWriter sse, ChatChunkChoice choice, string? filling = null)
    {
        if (Header.Shape.IncludeUsage)
        {
            sse.WriteEvent(Chunk([choice], null, filling), OpenAiJsonContext.Default.ChatCompletionChunkWithUsage);
            return;
        }

        var chunk = new ChatCompletionChunk
        {
            Id = Header.Id,
            Created = Header.Created,
            Model = Header.Model.Name,
            SystemFingerprint = Header.Model.Fingerprint,
            Choices = [choice],
            Obfuscation = filling,
        };
        sse.WriteEvent(chunk, OpenAiJsonContext.Default.ChatCompletionChunk);
    }

    private ChatCompletionChunkWithUsage Chunk(ChatChunkChoice[] choices, Usage? usage, string? filling) => new()
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
