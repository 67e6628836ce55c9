using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Streaming;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>How an answer looks on the wire: of chat or of text completions, whole or as events.</summary>
internal abstract class AnswerFormat(AnswerHeader header)
{
    protected AnswerHeader Header { get; } = header;

    /// <summary>The event that opens an answer, before there is any text.</summary>
    public abstract void WriteOpening(SseWriter sse, int index);

    public abstract void WriteDelta(SseWriter sse, int index, TextDelta delta);

    public abstract void WriteFinish(SseWriter sse, int index, GenerationStream answer);

    /// <summary>The event after the last answer, for clients that asked for it.</summary>
    public abstract void WriteUsage(SseWriter sse, Answers answers);

    public abstract Task WriteWholeAsync(HttpResponse response, Answers answers, TextDelta[] texts, CancellationToken cancellationToken);

    protected string? Filling(string text) => Header.Shape.Obfuscate ? Obfuscation.For(text) : null;
}
