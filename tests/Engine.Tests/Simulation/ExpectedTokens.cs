using DeepSeekOrleans.Engine.Sampling;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Simulation;

/// <summary>What the sequence would give alone, computed without an engine.</summary>
internal sealed class ExpectedTokens(SimulationSettings settings)
{
    private readonly Sampler _sampler = new(settings.Shape.Vocabulary);

    public List<int> Of(GenerationRequest request, out FinishReason finish)
    {
        List<int> output = [];
        List<int> history = [.. request.PromptIds];
        LogitAdjustments? adjustments = LogitAdjustments.For(request with { EmittedIds = [] }, settings.Shape.Vocabulary);
        float[] logits = new float[settings.Shape.Vocabulary];
        while (output.Count < request.MaxTokens)
        {
            int[] now = [.. history];
            FakeLogits.Fill(FakeLogits.Newest(now, settings.Memory), logits);
            if (settings.HasFault(now))
            {
                finish = FinishReason.ModelFault;
                return output;
            }

            int token = _sampler.Sample(logits, request.Sampling, adjustments, output.Count);
            adjustments?.Record(token);
            output.Add(token);
            history.Add(token);
            if (request.StopTokenIds.Contains(token))
            {
                finish = FinishReason.Stop;
                return output;
            }
        }

        finish = FinishReason.Length;
        return output;
    }
}
