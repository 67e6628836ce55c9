using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>Answers a chat whose messages are all there.</summary>
internal sealed class ChatAnswering(ChatMessagesValidator messages, StreamOpener opener, AnswerSender sender, TimeProvider time)
{
    /// <param name="turn">Where the answer is added when it has ended; null when it belongs to no stored conversation.</param>
    public async Task AnswerAsync(HttpContext context, RequestIdentity identity, ValidChatRequest request, OpenTurn? turn = null)
    {
        PreparedPrompt prompt = PromptPreparation.FromChat(
            request.Model, messages.ToTemplateInput(request.Messages), request.Thinking, identity.Tenant.Value);
        GenerationPlan[] plans = GenerationPlan.CreateAll(identity, request.Model, prompt, request.Generation);

        Answers answers = await Answers.OpenAsync(opener, plans, plans.Length, context.RequestAborted).ConfigureAwait(false);
        await using (answers.ConfigureAwait(false))
        {
            long created = time.GetUtcNow().ToUnixTimeSeconds();
            var header = new AnswerHeader($"chatcmpl-{identity.RequestId}", created, request.Model, request.Shape);
            await sender.SendAsync(context, answers, new ChatFormat(header), request.Shape, turn).ConfigureAwait(false);
        }
    }
}
