using System.Diagnostics;
using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Routing;
using DeepSeekOrleans.Language;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DeepSeekOrleans.Grains.PromptCaches;

/// <summary>
/// The router of one model. Reentrant: a route may wait for the store of answers or for the first report, and nothing waits for it.
/// </summary>
[Reentrant]
internal sealed class PromptCacheGrain : Grain, IPromptCacheGrain
{
    private readonly RoutingOptions _routing;
    private readonly IClusterMembershipService _membership;
    private readonly TimeProvider _time;
    private readonly WorkerPool _workers;
    private readonly AnswerStore _answers;
    private readonly AnswersUnderWay _underWay;
    private readonly TaskCompletionSource _firstReport = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _activatedAt;

    public PromptCacheGrain(
        IOptions<RoutingOptions> routing,
        IOptions<ResponseCacheOptions> cache,
        AnswerStore answers,
        IClusterMembershipService membership,
        TimeProvider time)
    {
        _routing = routing.Value;
        _membership = membership;
        _time = time;
        _workers = new WorkerPool(PolicyOf(_routing.Policy), PrefixChain.BlockTokens, _routing.ReportLifetime, time);
        _answers = answers;
        _underWay = new AnswersUnderWay(cache.Value.MaxUnderWay);
        _activatedAt = time.GetTimestamp();
    }

    public async Task<Dispatch> RouteAsync(SessionRequest request, int attemptNumber)
    {
        // what has been told already is not told again from the cache
        if (attemptNumber == 1 && request.AnswerKey is { } key && await _answers.FindAsync(key) is { } response)
        {
            return new Dispatch { Kind = DispatchKind.Cached, Response = response };
        }

        await WaitForFirstReportAsync();
        Prune();
        var attempt = new Attempt(request.RequestId, request.StreamId, attemptNumber);
        return TryFollow(request, attempt) ?? Book(request, attempt);
    }

    public async Task CompleteAsync(Completion completion)
    {
        Release(completion);
        if (completion.AnswerKey is not { } key)
        {
            return;
        }

        if (completion.Response is { Finish: StreamFinish.Stop or StreamFinish.Length } response && _underWay.IsFirstToEnd(key))
        {
            await _answers.KeepAsync(key, response);
        }

        // after it is kept: an equal request finds it there or here
        _underWay.Leave(key, completion.Attempt);
    }

    public Task<bool> PurgeAnswerAsync(AnswerKey key) => _answers.PurgeAsync(key);

    public Task<bool> PurgeAnswersAsync(AnswerScope scope) => _answers.PurgeAsync(scope);

    public Task ReportAsync(WorkerStatus status)
    {
        _workers.Report(status);
        _firstReport.TrySetResult();
        return Task.CompletedTask;
    }

    public Task<long> ReportPrefixesAsync(PrefixReport report) => Task.FromResult(_workers.ReportPrefixes(report));

    public Task<WorkerStatus[]> GetWorkersAsync()
    {
        Prune();
        return Task.FromResult(_workers.Trusted.ToArray());
    }

    // an equal request is computed now: its worker lets this one read along, and computes it if it has lost the other
    private Dispatch? TryFollow(SessionRequest request, Attempt attempt)
    {
        if (request.AnswerKey is not { } key || _underWay.Find(key, attempt) is not { } worker || !_workers.Serves(worker))
        {
            return null;
        }

        _underWay.Join(key, attempt);
        return new Dispatch { Kind = DispatchKind.Follow, Worker = worker, Attempt = attempt, CachedTokens = request.PromptTokens };
    }

    private Dispatch Book(SessionRequest request, Attempt attempt)
    {
        Booking booking = _workers.Book(attempt, request.PrefixChain, request.PromptTokens);
        if (booking.Kind != DispatchKind.Run)
        {
            return new Dispatch { Kind = booking.Kind, RetryAfter = _routing.RetryAfter };
        }

        if (request.AnswerKey is { } key)
        {
            _underWay.Begin(key, attempt, booking.Worker);
        }

        return new Dispatch { Kind = DispatchKind.Run, Worker = booking.Worker, Attempt = attempt, CachedTokens = booking.CachedTokens };
    }

    private void Release(Completion completion)
    {
        if (!completion.Followed)
        {
            _workers.Release(completion.Attempt, completion.Worker, completion.WorkerAnswered);
        }
        else if (!completion.WorkerAnswered)
        {
            _workers.Distrust(completion.Worker);
        }
    }

    private static IRoutingPolicy PolicyOf(RoutingPolicy policy) => policy switch
    {
        RoutingPolicy.PrefixAware => new PrefixAwarePolicy(new Random()),
        RoutingPolicy.PowerOfTwo => new PowerOfTwoPolicy(new Random()),
        RoutingPolicy.Random => new RandomPolicy(new Random()),
        RoutingPolicy.LeastLoaded => new LeastLoadedPolicy(),
        RoutingPolicy.RoundRobin => new RoundRobinPolicy(),
        _ => throw new UnreachableException($"routing policy {policy}"),
    };

    // a router that has moved from a dead silo knows nobody until the workers report again
    private async Task WaitForFirstReportAsync()
    {
        TimeSpan left = _routing.FirstReportWait - _time.GetElapsedTime(_activatedAt);
        if (!_firstReport.Task.IsCompleted && left > TimeSpan.Zero)
        {
            await Task.WhenAny(_firstReport.Task, Task.Delay(left, _time));
        }
    }

    private void Prune()
    {
        ClusterMembershipSnapshot snapshot = _membership.CurrentSnapshot;
        _workers.Prune(silo => snapshot.Members.Values.Any(member => member.Name == silo && member.Status == SiloStatus.Active));
    }
}
