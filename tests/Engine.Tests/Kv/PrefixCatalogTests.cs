using DeepSeekOrleans.Engine.Kv;
using DeepSeekOrleans.Engine.Tests.Fakes;
using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Tests.Kv;

public sealed class PrefixCatalogTests
{
    private const int Block = 4;
    private readonly CoreDriver _driver = new(FakeRunner.ShapeOf(slots: 2), new EngineOptions { PrefixBlock = Block });

    [Fact]
    public void Since_SequenceEnded_TellsTheBlocksOfPromptAndAnswer()
    {
        _driver.Submit(Requests.Of(1, promptLength: 10, maxTokens: 8)).RunToEnd();

        HeldPrefix held = Assert.Single(_driver.Core.Catalog.Since(0));

        // 17 positions: the last output token was never fed
        Assert.Equal((0, "a", 4), (held.Slot, held.Tenant, held.Blocks.Length));
        int[] tokens = [.. Requests.Of(1, promptLength: 10).PromptIds, .. _driver.Recorder[1].Ids];
        ulong[] first = new ulong[1];
        PrefixChain.Write("a", tokens, Block, first);
        Assert.Equal(first[0], held.Blocks[0]);
    }

    [Fact]
    public void Succeed_EarlierCatalogHeldSomething_TellsItsReadersThatItIsGone()
    {
        _driver.Submit(Requests.Of(1, promptLength: 10, maxTokens: 8)).RunToEnd();
        HeldPrefix held = Assert.Single(_driver.Core.Catalog.Since(0));
        var next = new PrefixCatalog(slots: 2, contextLength: 256, Block);

        next.Succeed(_driver.Core.Catalog);

        HeldPrefix gone = Assert.Single(next.Since(held.Change), change => change.Slot == held.Slot);
        Assert.Null(gone.Tenant);
    }

    [Fact]
    public void Since_NothingNew_TellsNothing()
    {
        var router = new Router(_driver, Block);
        _driver.Submit(Requests.Of(1)).RunToEnd();
        router.Follow();

        _driver.Steps(3);

        Assert.Empty(router.Follow());
    }

    [Fact]
    public void Since_PromptIsComputed_TellsItWhileTheSequenceRuns()
    {
        var router = new Router(_driver, Block);
        _driver.Submit(Requests.Of(1, promptLength: 8, maxTokens: 100)).Steps(1);

        Assert.Equal(2, Assert.Single(router.Follow()).Blocks.Length);
        _driver.Steps(20);
        Assert.Empty(router.Follow());
    }

    [Fact]
    public void Since_ManySequences_TellsOneEntryPerSlotAtMost()
    {
        for (int id = 1; id <= 100; id++)
        {
            _driver.Submit(Requests.Of(id)).RunToEnd();
        }

        Assert.InRange(_driver.Core.Catalog.Since(0).Length, 1, 2);
    }

    [Fact]
    public void Set_PerSequence_AllocatesNothing()
    {
        var catalog = new PrefixCatalog(slots: 2, contextLength: 256, Block);
        int[] tokens = new int[256];
        catalog.Set(0, "a", tokens);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int length = 0; length < 256; length++)
        {
            catalog.Set(length % 2, "a", tokens.AsSpan(0, length));
            catalog.Cut(length % 2, length / 2);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Set_OtherTenant_NamesTheSameTokensDifferently()
    {
        var catalog = new PrefixCatalog(slots: 2, contextLength: 256, Block);

        catalog.Set(0, "a", [1, 2, 3, 4]);
        catalog.Set(1, "b", [1, 2, 3, 4]);

        Assert.Equal(2, catalog.Since(0).Select(held => held.Blocks[0]).Distinct().Count());
    }
}
