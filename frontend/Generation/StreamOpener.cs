using DeepSeekOrleans.Frontend.Admission;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>Opens an answer: finds the equal request that has begun it already, or begins it.</summary>
internal sealed class StreamOpener(ComputedAnswers answers)
{
    /// <exception cref="GenerationException">No worker takes the request.</exception>
    /// <exception cref="RequestRejected">No worker will ever take it.</exception>
    public async Task<GenerationStream> OpenAsync(GenerationPlan plan, CancellationToken cancellationToken)
    {
        var stream = new GenerationStream(plan, answers.Join(plan));
        try
        {
            await stream.BeginAsync(cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}
