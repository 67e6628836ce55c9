using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>Between the wire contract and the engine's own terms.</summary>
internal static class GenerationOrderExtensions
{
    public static GenerationRequest ToRequest(this GenerationOrder order, long sequenceId) => new()
    {
        Id = sequenceId,
        Tenant = order.Tenant,
        // wrapped, not copied: an order is immutable by contract once it has been sent
        PromptIds = ImmutableCollectionsMarshal.AsImmutableArray(order.PromptIds),
        EmittedIds = ImmutableCollectionsMarshal.AsImmutableArray(order.EmittedIds),
        MaxTokens = order.MaxTokens,
        Sampling = order.Sampling.ToParameters(),
        StopTokenIds = ImmutableCollectionsMarshal.AsImmutableArray(order.StopTokenIds),
        StopStrings = ImmutableCollectionsMarshal.AsImmutableArray(order.StopStrings),
        Breaks = order.Breaks,
    };

    public static StreamFinish ToStreamFinish(this FinishReason reason) => reason switch
    {
        FinishReason.Stop => StreamFinish.Stop,
        FinishReason.Length => StreamFinish.Length,
        FinishReason.Cancelled => StreamFinish.Cancelled,
        // only a caller that has gone sets one
        FinishReason.DeadlineExceeded => StreamFinish.Cancelled,
        FinishReason.ModelFault => StreamFinish.ModelFault,
        FinishReason.RepeatedFault => StreamFinish.RepeatedFault,
        FinishReason.EngineStopping => StreamFinish.WorkerStopping,
        _ => throw new UnreachableException($"finish reason {reason}"),
    };

    public static StartReply ToStartReply(this AdmissionOutcome outcome) => outcome switch
    {
        AdmissionOutcome.Admitted => StartReply.Admitted,
        AdmissionOutcome.QueueFull => StartReply.Full,
        AdmissionOutcome.Draining => StartReply.Draining,
        AdmissionOutcome.NeverFits => StartReply.NeverFits,
        _ => throw new UnreachableException($"admission outcome {outcome}"),
    };

    private static SamplingParameters ToParameters(this SamplingOrder sampling) => new()
    {
        Temperature = sampling.Temperature,
        TopP = sampling.TopP,
        TopK = sampling.TopK,
        MinP = sampling.MinP,
        RepetitionPenalty = sampling.RepetitionPenalty,
        PresencePenalty = sampling.PresencePenalty,
        FrequencyPenalty = sampling.FrequencyPenalty,
        LogitBias = sampling.LogitBias.ToImmutableDictionary(),
        Seed = sampling.Seed,
    };
}
