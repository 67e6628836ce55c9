using System.Diagnostics;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary>What all parts of an answer repeat.</summary>
internal sealed record AnswerHeader(string Id, long Created, ServedModel Model, AnswerShape Shape)
{
    /// <summary>Null unless the client asked for it, or when no worker has computed a token.</summary>
    public AnswerEvidence? Evidence(GenerationStream answer) => Shape.Evidence && answer.Facts is { } facts
        ? new AnswerEvidence
        {
            ModelVersion = facts.ModelVersion,
            Precision = facts.Precision,
            Provider = facts.Provider,
            Seed = answer.Seed,
            Cached = answer.IsReplayed,
            Shared = answer.IsShared,
        }
        : null;

    public static string FinishReason(StreamFinish? finish) => finish switch
    {
        StreamFinish.Stop => "stop",
        StreamFinish.Length => "length",
        _ => throw new UnreachableException("an answer that ended otherwise has failed"),
    };
}
