using DeepSeekOrleans.Engine.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeepSeekOrleans.Engine.Tests;

/// <summary>One bad request among good ones, in every way in which a request can be bad.</summary>
public sealed class FaultIsolationTests
{
    private const int Injections = 100;
    private const int Company = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private enum Badness
    {
        RunThrows,
        LogitsAreNaN,
        TokenIdOutsideTheVocabulary,
        LongerThanTheContext,
    }

    [Fact]
    public async Task R12_OneBadRequestOfEachKindAHundredTimes_FailsAloneAndItsMatesAreAsAlone()
    {
        for (int seed = 1; seed <= Injections; seed++)
        {
            var random = new Random(seed);
            GenerationRequest[] requests = [.. Enumerable.Range(1, Company).Select(id => NextRequest(random, id))];
            GenerationRequest culprit = requests[random.Next(Company)];
            var badness = (Badness)(seed % 4);
            int strikesAt = random.Next(culprit.MaxTokens);

            Outcome outcome = await RunAsync(requests, culprit, badness, strikesAt);

            foreach (GenerationRequest mate in requests.Where(request => request != culprit))
            {
                string where = $"seed {seed}, {badness} of {culprit.Id}: sequence {mate.Id}";
                Assert.True(outcome.Recorder[mate.Id].Finish == FinishReason.Length, $"{where} ended by {outcome.Recorder[mate.Id].Finish}");
                Assert.True(CoreDriver.Alone(mate).SequenceEqual(outcome.Recorder[mate.Id].Ids), $"{where} has other tokens than alone");
            }

            AssertToldItsFault(outcome, culprit, badness, strikesAt);
        }
    }

    private static GenerationRequest NextRequest(Random random, long id) =>
        Requests.Of(id, promptLength: random.Next(3, 60), maxTokens: random.Next(2, 30));

    private static async Task<Outcome> RunAsync(GenerationRequest[] requests, GenerationRequest culprit, Badness badness, int strikesAt)
    {
        var runner = new FakeRunner(FakeRunner.ShapeOf(slots: 3)) { Fault = FaultOf(culprit, badness, strikesAt) };
        var recorder = new EndRecorder();
        await using var engine = new InferenceEngine(
            runner, DemoTokenizer.Instance, recorder, new EngineOptions(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        var outcome = new Outcome(recorder.Tokens);
        foreach (GenerationRequest request in requests)
        {
            Submit(engine, request == culprit ? Spoil(request, badness) : request, outcome);
        }

        recorder.Awaited = outcome.Admitted;
        engine.Start();
        await recorder.AllEnded.WaitAsync(Limit);
        return outcome with { Faulted = engine.Status.Faulted };
    }

    private static void Submit(InferenceEngine engine, GenerationRequest request, Outcome outcome)
    {
        try
        {
            AdmissionOutcome admission = engine.Submit(request);
            outcome.Admissions.Add(request.Id, admission);
        }
        catch (ArgumentException refusal)
        {
            outcome.Refusals.Add(request.Id, refusal);
        }
    }

    private static GenerationRequest Spoil(GenerationRequest request, Badness badness) => badness switch
    {
        Badness.TokenIdOutsideTheVocabulary => request with { PromptIds = request.PromptIds.SetItem(1, request.Id % 2 == 0 ? -1 : 97) },
        Badness.LongerThanTheContext => request with { MaxTokens = 257 - request.PromptIds.Length },
        _ => request,
    };

    /// <summary>Strikes where the culprit, known by its prompt, would choose the given output token; 0 is its prefill.</summary>
    private static FakeRunner.RowFault? FaultOf(GenerationRequest culprit, Badness badness, int strikesAt)
    {
        int[] prompt = [.. culprit.PromptIds];
        return badness is not (Badness.RunThrows or Badness.LogitsAreNaN) ? null : (history, logits) =>
        {
            if (history.Length != prompt.Length + strikesAt || !history.StartsWith(prompt))
            {
                return;
            }

            if (badness == Badness.RunThrows)
            {
                throw new ModelRunException("test");
            }

            logits[strikesAt] = float.NaN;
        };
    }

    private static void AssertToldItsFault(Outcome outcome, GenerationRequest culprit, Badness badness, int strikesAt)
    {
        Assert.False(outcome.Faulted, $"{badness} took the engine down");
        switch (badness)
        {
            case Badness.TokenIdOutsideTheVocabulary:
                Assert.Contains(culprit.Id, outcome.Refusals.Keys);
                break;
            case Badness.LongerThanTheContext:
                Assert.Equal(AdmissionOutcome.NeverFits, outcome.Admissions[culprit.Id]);
                break;
            default:
                Assert.Equal(FinishReason.ModelFault, outcome.Recorder[culprit.Id].Finish);
                Assert.Equal(CoreDriver.Alone(culprit)[..strikesAt], outcome.Recorder[culprit.Id].Ids);
                break;
        }
    }

    private sealed record Outcome(StepRecorder Recorder)
    {
        public Dictionary<long, AdmissionOutcome> Admissions { get; } = [];

        public Dictionary<long, ArgumentException> Refusals { get; } = [];

        public int Admitted => Admissions.Values.Count(admission => admission == AdmissionOutcome.Admitted);

        public bool Faulted { get; init; }
    }

    /// <summary>Written by the engine's thread; read when all awaited sequences have ended.</summary>
    private sealed class EndRecorder : IStepObserver
    {
        private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _ended;

        public StepRecorder Tokens { get; } = new();

        public int Awaited { get; set; }

        public Task AllEnded => _allEnded.Task;

        public void OnStep(ReadOnlySpan<EmittedToken> tokens)
        {
            Tokens.OnStep(tokens);
            foreach (EmittedToken token in tokens)
            {
                _ended += token.Finish is null ? 0 : 1;
            }

            if (_ended == Awaited)
            {
                _allEnded.TrySetResult();
            }
        }
    }
}
