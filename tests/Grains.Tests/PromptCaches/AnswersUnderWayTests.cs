using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.PromptCaches;

namespace DeepSeekOrleans.Grains.Tests.PromptCaches;

public sealed class AnswersUnderWayTests
{
    private const int Limit = 16;
    private static readonly AnswerKey Key = KeyOf("a", "digest");
    private static readonly WorkerKey Worker = new("Silo_0", "cpu0", "demo");
    private static readonly WorkerKey Other = Worker with { Silo = "Silo_1" };

    private readonly AnswersUnderWay _underWay = new(Limit);

    [Fact]
    public void Find_AnswerUnderWay_NamesItsWorkerUntilTheLastReaderHasLeft()
    {
        _underWay.Begin(Key, Attempt("r1"), Worker);
        _underWay.Join(Key, Attempt("r2"));

        _underWay.Leave(Key, Attempt("r1"));
        WorkerKey? meanwhile = _underWay.Find(Key, Attempt("r3"));
        _underWay.Leave(Key, Attempt("r2"));

        Assert.Equal(Worker, meanwhile);
        Assert.Null(_underWay.Find(Key, Attempt("r3")));
        Assert.Equal(0, _underWay.Count);
    }

    [Fact]
    public void Find_OtherTenant_FindsNothing()
    {
        _underWay.Begin(Key, Attempt("r1"), Worker);

        Assert.Null(_underWay.Find(KeyOf("b", "digest"), Attempt("r2")));
    }

    [Fact]
    public void Find_ReaderThatHasLostTheWorker_IsNotSentThereAgain()
    {
        _underWay.Begin(Key, Attempt("r1"), Worker);

        Assert.Null(_underWay.Find(Key, Attempt("r1", number: 2)));
    }

    [Fact]
    public void Find_AnswerBegunAgainElsewhere_SendsItsFormerReadersThere()
    {
        _underWay.Begin(Key, Attempt("r1"), Worker);
        _underWay.Join(Key, Attempt("r2"));

        _underWay.Begin(Key, Attempt("r1", number: 2), Other);

        Assert.Equal(Other, _underWay.Find(Key, Attempt("r2", number: 2)));
    }

    [Fact]
    public void Leave_AttemptThatHasBeenReplaced_LeavesTheNewOne()
    {
        _underWay.Begin(Key, Attempt("r1"), Worker);
        _underWay.Begin(Key, Attempt("r1", number: 2), Other);

        _underWay.Leave(Key, Attempt("r1"));

        Assert.Equal(Other, _underWay.Find(Key, Attempt("r2")));
    }

    [Fact]
    public void IsFirstToEnd_TwoFrontendsBringTheAnswer_IsTrueOnce()
    {
        _underWay.Begin(Key, Attempt("r1"), Worker);
        _underWay.Join(Key, Attempt("r2"));

        Assert.Equal((true, false), (_underWay.IsFirstToEnd(Key), _underWay.IsFirstToEnd(Key)));
    }

    [Fact]
    public void Begin_MoreThanTheLimit_ForgetsTheOldest()
    {
        for (int i = 0; i <= Limit; i++)
        {
            _underWay.Begin(KeyOf("a", $"{i}"), Attempt($"r{i}"), Worker);
        }

        Assert.Equal(Limit, _underWay.Count);
        Assert.Null(_underWay.Find(KeyOf("a", "0"), Attempt("next")));
        Assert.Equal(Worker, _underWay.Find(KeyOf("a", "1"), Attempt("next")));
    }

    private static AnswerKey KeyOf(string tenant, string digest) => new(new TenantName(tenant), "demo@v1", digest);

    private static Attempt Attempt(string request, int number = 1) => new(request, 1, number);
}
