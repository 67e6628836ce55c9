using DeepSeekOrleans.Engine.Stepping;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>An engine core over the fake runner, stepped by the test, with the invariants checked after every step.</summary>
internal sealed class CoreDriver
{
    /// <param name="costs">What runs take; without it time stands still.</param>
    /// <param name="memory">See <see cref="FakeRunner.Memory"/>.</param>
    public CoreDriver(ModelShape? shape = null, EngineOptions? options = null, CostModel? costs = null, int memory = int.MaxValue)
    {
        Time = costs?.Time ?? new FakeTimeProvider();
        Runner = new FakeRunner(shape ?? FakeRunner.ShapeOf())
        {
            Memory = memory,
            PrefillCost = costs is null ? null : costs.Prefill,
            DecodeCost = costs is null ? null : costs.Decode,
            JoinedCost = costs is null ? null : costs.Joined,
        };
        Core = new EngineCore(Runner, DemoTokenizer.Instance, Recorder, options ?? new EngineOptions(), Time, NullLogger.Instance);
    }

    public FakeTimeProvider Time { get; }

    public FakeRunner Runner { get; }

    public StepRecorder Recorder { get; } = new();

    public EngineCore Core { get; }

    public CoreDriver Submit(params ReadOnlySpan<GenerationRequest> requests)
    {
        foreach (GenerationRequest request in requests)
        {
            AdmissionOutcome outcome = Core.Inbox.Offer(request, 0);
            Assert.Equal(AdmissionOutcome.Admitted, outcome);
            Recorder.Expect(request.Id, request.EmittedIds.Length);
        }

        return this;
    }

    public bool Step()
    {
        bool more = Core.Step();
        EngineInvariants.Check(Core);
        return more;
    }

    /// <summary>Steps as often as told, whether or not there is work.</summary>
    public CoreDriver Steps(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Step();
        }

        return this;
    }

    /// <summary>Steps until nothing is open.</summary>
    public CoreDriver RunToEnd(int limit = 10_000)
    {
        for (int step = 0; Step(); step++)
        {
            Assert.True(step < limit, $"still {Core.Sequences.Count} open after {limit} steps: {string.Join(',', Core.Sequences.Keys)}");
        }

        return this;
    }

    /// <summary>The tokens of one request on an engine of its own.</summary>
    public static List<int> Alone(GenerationRequest request, ModelShape? shape = null, EngineOptions? options = null, int memory = int.MaxValue)
    {
        CoreDriver driver = new CoreDriver(shape, options, memory: memory).Submit(request).RunToEnd();
        return driver.Recorder[request.Id].Ids;
    }
}
