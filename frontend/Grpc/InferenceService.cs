using System.Diagnostics;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Conversations;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Grpc.V1;
using DeepSeekOrleans.GrainInterfaces;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Grpc;

/// <summary><c>deepseek.v1.Inference</c>: the path of a request over gRPC.</summary>
internal sealed class InferenceService(
    GenerateRequestValidator validator, ConversationCalls conversations, StreamOpener opener, IOptions<StreamOptions> options, TimeProvider time)
    : Inference.InferenceBase
{
    public override async Task Generate(GenerateRequest request, IServerStreamWriter<GenerateResponse> responseStream, ServerCallContext context)
    {
        try
        {
            await GenerateAsync(request, responseStream, context).ConfigureAwait(false);
        }
        catch (RequestRejected rejection)
        {
            throw GrpcErrors.ToRpcException(rejection);
        }
        catch (GenerationException failure)
        {
            throw GrpcErrors.ToRpcException(failure);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            bool isLate = context.Deadline <= time.GetUtcNow().UtcDateTime;
            throw new RpcException(isLate
                ? new Status(StatusCode.DeadlineExceeded, "the deadline passed before the answer was complete")
                : new Status(StatusCode.Cancelled, "the client left"));
        }
    }

    private async Task GenerateAsync(GenerateRequest request, IServerStreamWriter<GenerateResponse> responses, ServerCallContext context)
    {
        var identity = RequestIdentity.Of(context.GetHttpContext());
        ValidGenerateRequest valid = validator.Validate(request, identity.Tenant.Value);
        if (valid is not { Conversation: { } conversation, Chat: { } own })
        {
            PreparedPrompt prompt = valid.Plain ?? validator.Prompt(valid.Model, valid.Chat!, request.Chat, identity.Tenant.Value);
            await AnswerAsync(PlanOf(identity, valid, prompt), turn: null, request, responses, context).ConfigureAwait(false);
            return;
        }

        identity = identity with { Session = conversation.Value };
        OpenTurn turn = await OpenTurn.OpenAsync(conversations, identity, conversation, own, context.CancellationToken).ConfigureAwait(false);
        await using (turn.ConfigureAwait(false))
        {
            PreparedPrompt prompt = validator.Prompt(valid.Model, turn.Messages, request.Chat, identity.Tenant.Value);
            await AnswerAsync(PlanOf(identity, valid, prompt), turn, request, responses, context).ConfigureAwait(false);
        }
    }

    private static GenerationPlan PlanOf(RequestIdentity identity, ValidGenerateRequest valid, PreparedPrompt prompt) =>
        GenerationPlan.CreateAll(identity, valid.Model, prompt, valid.Generation)[0];

    private async Task AnswerAsync(
        GenerationPlan plan, OpenTurn? turn, GenerateRequest request, IServerStreamWriter<GenerateResponse> responses, ServerCallContext context)
    {
        HttpContext http = context.GetHttpContext();

        // the token ends with the call or with its deadline; either cancels the attempt
        CancellationToken cancellationToken = context.CancellationToken;
        GenerationStream stream = await opener.OpenAsync(plan, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await foreach (TextDelta delta in stream.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                turn?.Hear(delta);
                if (!delta.IsEmpty || (stream.IsQuiet && stream.Finish is null))
                {
                    await WriteAsync(responses, ToResponse(delta), http).ConfigureAwait(false);
                }
            }

            await (turn?.StoreAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            await WriteAsync(responses, new GenerateResponse { End = End(stream, request.Evidence) }, http).ConfigureAwait(false);
        }
    }

    // a client that does not read holds the write back; it may do so only for a while
    private async Task WriteAsync(IServerStreamWriter<GenerateResponse> responses, GenerateResponse response, HttpContext http)
    {
        Task write = responses.WriteAsync(response);
        if (write.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await write.WaitAsync(options.Value.WriteTimeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            http.Abort();
            throw new GenerationException(GenerationFailure.SlowReader);
        }
    }

    private static GenerateResponse ToResponse(TextDelta delta) =>
        new() { Delta = new Delta { Reasoning = delta.Reasoning, Content = delta.Content } };

    private static End End(GenerationStream stream, bool withEvidence) => new()
    {
        Evidence = withEvidence && stream.Facts is { } facts
            ? new Evidence
            {
                ModelVersion = facts.ModelVersion,
                Precision = facts.Precision,
                Provider = facts.Provider,
                Seed = stream.Seed,
                Cached = stream.IsReplayed,
                Shared = stream.IsShared,
            }
            : null,
        FinishReason = stream.Finish switch
        {
            StreamFinish.Stop => FinishReason.Stop,
            StreamFinish.Length => FinishReason.Length,
            _ => throw new UnreachableException("an answer that ended otherwise has failed"),
        },
        Usage = new Usage
        {
            PromptTokens = stream.PromptTokens,
            CachedTokens = stream.CachedTokens,
            CompletionTokens = stream.CompletionTokens,
            ReasoningTokens = stream.ReasoningTokens,
        },
    };
}
