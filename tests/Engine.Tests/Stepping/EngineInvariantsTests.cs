using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Stepping;
using DeepSeekOrleans.Engine.Tests.Fakes;

namespace DeepSeekOrleans.Engine.Tests.Stepping;

/// <summary>The checker itself finds what it is there to find.</summary>
public sealed class EngineInvariantsTests
{
    private readonly CoreDriver _driver = new CoreDriver(FakeRunner.ShapeOf(slots: 2))
        .Submit(Requests.Of(1, maxTokens: 50), Requests.Of(2, maxTokens: 50), Requests.Of(3, maxTokens: 50))
        .Steps(4);

    public static TheoryData<string> Damages => [.. Damage.Keys];

    private static Dictionary<string, Action<EngineCore>> Damage { get; } = new()
    {
        ["a slot loses its owner"] = core => core.Slots.Release(core.Slots[0]!),
        ["an owner names another slot"] = core => core.Slots[1]!.Slot = 0,
        ["an ended sequence keeps its slot"] = core => core.Sequences.Remove(1),
        ["a waiting sequence is lost"] = core => core.Waiting.TryDequeue(out _),
        ["a cached position is lost"] = core => core.Slots[0]!.KvLength--,
        ["a token is counted twice"] = core => core.Slots[0]!.OutputCount++,
        ["a waiting sequence has computed"] = core => core.Waiting.All.First().KvLength = 1,
        ["an open sequence is forgotten"] = core => core.Inbox.Forget(3),
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Check_DamagedState_Throws(string damage)
    {
        EngineInvariants.Check(_driver.Core);

        Damage[damage](_driver.Core);

        Assert.Throws<InvalidOperationException>(() => EngineInvariants.Check(_driver.Core));
    }

    [Fact]
    public void Take_SequenceThatHasASlot_IsRefused()
    {
        var slots = new SlotTable(2);
        Sequence sequence = new WaitingQueue().Enqueue(Requests.Of(1));
        slots.Take(sequence);

        Assert.Throws<InvalidOperationException>(() => slots.Take(sequence));
    }
}
