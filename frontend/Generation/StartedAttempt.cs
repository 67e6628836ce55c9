using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Frontend.Generation;

/// <summary>An attempt that was dispatched: whom to cancel it with, and to whom its booking is given back.</summary>
internal sealed class StartedAttempt(ISessionGrain session, IGpuWorkerGrain worker, string model, Dispatch dispatch)
{
    public WorkerKey Worker => dispatch.Worker;

    public Attempt Attempt => dispatch.Attempt;

    public Task<StartReply> StartAsync(GenerationOrder order, ITokenObserver ear) => worker.StartAsync(Attempt, order, ear);

    public Task CancelAsync() => worker.CancelAsync(Attempt);

    /// <param name="answered">False when the worker was not reached, refused, or fell silent.</param>
    /// <param name="hasBooking">False when the booking was given back before.</param>
    /// <param name="response">Set when the answer is complete and may be kept.</param>
    public Task CompleteAsync(bool answered, bool hasBooking, AnswerKey? answerKey, CachedResponse? response) =>
        session.CompleteAsync(new Completion
        {
            Attempt = Attempt,
            Model = model,
            Worker = Worker,
            WorkerAnswered = answered,
            AnswerKey = answerKey,
            Response = response,
            Followed = !hasBooking || dispatch.Kind == DispatchKind.Follow,
        });
}
