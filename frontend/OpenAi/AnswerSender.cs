using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.Frontend.Streaming;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Sends answers to the client, whole or as events.</summary>
internal sealed class AnswerSender(IOptions<StreamOptions> options, TimeProvider time)
{
    /// <param name="turn">Where the one answer is added before its client learns that it has ended; null for none.</param>
    public Task SendAsync(HttpContext context, Answers answers, AnswerFormat format, Admission.AnswerShape shape, OpenTurn? turn = null) =>
        shape.Stream ? StreamAsync(context, answers, format, shape, turn) : SendWholeAsync(context, answers, format, turn);

    private static async Task SendWholeAsync(HttpContext context, Answers answers, AnswerFormat format, OpenTurn? turn)
    {
        TextDelta[] texts = await answers.CollectAsync(context.RequestAborted).ConfigureAwait(false);
        if (turn is not null)
        {
            turn.Hear(texts[0]);
            await turn.StoreAsync(context.RequestAborted).ConfigureAwait(false);
        }

        await format.WriteWholeAsync(context.Response, answers, texts, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, Answers answers, AnswerFormat format, Admission.AnswerShape shape, OpenTurn? turn)
    {
        using var sse = new SseWriter(context, options.Value.WriteTimeout, time);
        try
        {
            await WriteAnswersAsync(sse, answers, format, turn, context.RequestAborted).ConfigureAwait(false);
            if (shape.IncludeUsage)
            {
                format.WriteUsage(sse, answers);
            }

            sse.WriteDone();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // never a silent close: the client learns that this is not the end of the answer
            sse.WriteEvent(OpenAiError.From(e).Body, OpenAiJsonContext.Default.ErrorBody);
            await sse.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            if (e is not (GenerationException or Admission.RequestRejected))
            {
                throw;
            }
        }

        await sse.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task WriteAnswersAsync(
        SseWriter sse, Answers answers, AnswerFormat format, OpenTurn? conversation, CancellationToken cancellationToken)
    {
        for (int index = 0; index < answers.Streams.Count; index++)
        {
            format.WriteOpening(sse, index);
        }

        await sse.FlushAsync(cancellationToken).ConfigureAwait(false);

        // the answers take turns at the one writer; the first failure ends them all
        using var turn = new SemaphoreSlim(1, 1);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = new AnswerWriting(sse, format, conversation, turn, all);
        await Task.WhenAll(answers.Streams.Select(writing.WriteAsync)).ConfigureAwait(false);
    }

    private sealed class AnswerWriting(
        SseWriter sse, AnswerFormat format, OpenTurn? conversation, SemaphoreSlim turn, CancellationTokenSource all)
    {
        public async Task WriteAsync(GenerationStream answer, int index)
        {
            try
            {
                await foreach (TextDelta delta in answer.ReadAsync(all.Token).ConfigureAwait(false))
                {
                    await WriteAsync(answer, index, delta).ConfigureAwait(false);
                }
            }
            catch (GenerationException)
            {
                await all.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        private async Task WriteAsync(GenerationStream answer, int index, TextDelta delta)
        {
            await turn.WaitAsync(all.Token).ConfigureAwait(false);
            try
            {
                format.WriteDelta(sse, index, delta);
                conversation?.Hear(delta);
                if (answer.Finish is not null)
                {
                    await StoreAsync().ConfigureAwait(false);
                    format.WriteFinish(sse, index, answer);
                }
                else if (delta.IsEmpty && answer.IsQuiet)
                {
                    sse.WriteKeepAlive();
                }

                await sse.FlushAsync(all.Token).ConfigureAwait(false);
            }
            finally
            {
                turn.Release();
            }
        }

        // the text goes out first: it does not wait for the store
        private async Task StoreAsync()
        {
            if (conversation is not null)
            {
                await sse.FlushAsync(all.Token).ConfigureAwait(false);
                await conversation.StoreAsync(all.Token).ConfigureAwait(false);
            }
        }
    }
}
