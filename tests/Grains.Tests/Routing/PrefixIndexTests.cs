using DeepSeekOrleans.Grains.Routing;

namespace DeepSeekOrleans.Grains.Tests.Routing;

public sealed class PrefixIndexTests
{
    private readonly PrefixIndex _index = new();

    [Fact]
    public void HeldBy_PromptGoesFurther_CountsTheCommonBlocks()
    {
        _index.Set(worker: 2, place: 0, [1, 2, 3]);

        Assert.Equal((2, 3, 0, 0), (_index.HeldBy(2, [1, 2, 9]), _index.HeldBy(2, [1, 2, 3, 4]), _index.HeldBy(2, [8]), _index.HeldBy(7, [1])));
    }

    [Fact]
    public void Set_PlaceHoldsAnotherPrefix_ForgetsTheOne()
    {
        _index.Set(0, 0, [1, 2, 3]);

        _index.Set(0, 0, [1, 7]);

        Assert.Equal((1, 2, 2), (_index.HeldBy(0, [1, 2, 3]), _index.HeldBy(0, [1, 7]), _index.Count));
    }

    [Fact]
    public void Set_TwoPlacesShareABlock_KeepsItUntilBothAreGone()
    {
        _index.Set(0, 0, [1, 2]);
        _index.Set(0, 1, [1, 3]);

        _index.Set(0, 0, []);
        int held = _index.HeldBy(0, [1, 3]);
        _index.Set(0, 1, []);

        Assert.Equal((2, 0), (held, _index.Count));
    }

    [Fact]
    public void HeldByMoreThan_HoldersOfDifferentLength_FindsWhereTheyEnd()
    {
        _index.Set(0, 0, [1, 2, 3, 4]);
        _index.Set(1, 0, [1, 2]);
        _index.Set(2, 0, [1]);

        int[] lengths = [.. Enumerable.Range(0, 4).Select(workers => _index.HeldByMoreThan(workers, [1, 2, 3, 4, 5]))];

        Assert.Equal([4, 2, 1, 0], lengths);
    }

    [Fact]
    public void Clear_OneOfTwoWorkers_LeavesTheOther()
    {
        _index.Set(0, 0, [1, 2]);
        _index.Set(0, 5, [4]);
        _index.Set(1, 0, [1, 2]);

        _index.Clear(0);

        Assert.Equal((0, 2, 0), (_index.HeldBy(0, [1, 2]), _index.HeldBy(1, [1, 2]), _index.HeldBy(0, [4])));
    }

    [Fact]
    public void Set_RandomChanges_AgreesWithPlainSets()
    {
        var random = new Random(5);
        var plain = new Dictionary<(int Worker, int Place), ulong[]>();
        for (int change = 0; change < 5_000; change++)
        {
            (int worker, int place) = (random.Next(12), random.Next(4));
            ulong[] blocks = Chain(random);
            _index.Set(worker, place, blocks);
            plain[(worker, place)] = blocks;

            ulong[] prompt = Chain(random);
            for (int other = 0; other < 12; other++)
            {
                int expected = plain.Where(pair => pair.Key.Worker == other).Max(pair => (int?)pair.Value.AsSpan().CommonPrefixLength(prompt)) ?? 0;
                Assert.Equal(expected, _index.HeldBy(other, prompt));
            }
        }
    }

    // a chain: each name stands for all before it
    private static ulong[] Chain(Random random)
    {
        ulong name = 1;
        return [.. Enumerable.Range(0, random.Next(6)).Select(_ => name = (name * 3) + (ulong)random.Next(2))];
    }
}
