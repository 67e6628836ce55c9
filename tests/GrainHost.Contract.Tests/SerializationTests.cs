using System.Collections.Immutable;
using DeepSeekOrleans.GrainHost.Contract.Tests.Support;

namespace DeepSeekOrleans.GrainHost.Contract.Tests;

/// <summary>Each value is sent from the client (by wire) and from a grain of the same silo (copied).</summary>
[Collection(SharedCluster.Name)]
public sealed class SerializationTests(TwoSilos silos)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_EveryKindOfMember_ComesBackEqual(int hops)
    {
        var sent = new Everything
        {
            Number = -5,
            Big = ulong.MaxValue,
            Real = 1.5f,
            Precise = Math.PI,
            Flag = true,
            Letter = 'ß',
            Text = "häufig 好",
            Missing = null,
            Id = Guid.NewGuid(),
            Span = TimeSpan.FromMilliseconds(1234.5),
            When = new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.FromHours(2)),
            Kind = DayOfWeek.Friday,
            Maybe = 7,
            Nothing = null,
            Numbers = [1, -2, int.MaxValue],
            Words = ["a", "b"],
            Items = [new Point(1, 2), new Point(3, 4)],
            Map = new() { ["x"] = new Point(5, 6) },
            Fixed = [1L, 2L],
            FixedMap = ImmutableDictionary<string, int>.Empty.Add("k", 9),
            Pair = (1, "one"),
            Inner = new Named("inner", new Point(7, 8)),
        };

        Everything back = await Echo(hops).EverythingAsync(sent, hops);

        Assert.Equal(sent.Summary(), back.Summary());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_DerivedTypeInABasePlace_KeepsItsTypeAndBothLevels(int hops)
    {
        Shape back = await Echo(hops).ShapeAsync(new Circle { Name = "c", Radius = 2.5 }, hops);

        Circle circle = Assert.IsType<Circle>(back);
        Assert.Equal(("c", 2.5), (circle.Name, circle.Radius));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_MutableArgument_IsACopy(int hops)
    {
        var sent = new Box { Values = [1, 2, 3] };

        int seen = await Echo(hops).ChangeAsync(sent, hops);

        Assert.Equal(99, seen);
        Assert.Equal(1, sent.Values[0]);
    }

    [Fact]
    public async Task Result_OfAGrain_IsACopyOfItsState()
    {
        string key = silos.NewKeyOn(0);
        IEchoGrain other = silos.Client.GetGrain<IEchoGrain>(silos.NewKeyOn(0));

        int first = await other.ChangeStateOfAsync(silos.Client.GetGrain<IEchoGrain>(key));

        Assert.Equal(1, first);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_TypeWithoutSerializer_FailsAndNamesTheType(int hops)
    {
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(async () => await Echo(hops).AnyAsync(new Unmarked { Value = 1 }, hops));

        Assert.Contains(nameof(Unmarked), failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_DefaultsOfInitializers_AreOverwrittenByWhatWasSent(int hops)
    {
        WithDefaults back = await Echo(hops).DefaultsAsync(new WithDefaults { Factor = 0, Label = "" }, hops);

        Assert.Equal((0f, ""), (back.Factor, back.Label));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_MemberWithoutId_IsNotSent(int hops)
    {
        WithDefaults back = await Echo(hops).DefaultsAsync(new WithDefaults { Unsent = 5 }, hops);

        Assert.Equal(42, back.Unsent);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_NullArguments_ComeBackNull(int hops)
    {
        Assert.Null(await Echo(hops).NamedAsync(null, hops));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Echo_GrainReference_CanBeCalled(int hops)
    {
        string key = silos.NewKeyOn(1);

        IProbeGrain back = await Echo(hops).GrainAsync(silos.Client.GetGrain<IProbeGrain>(key), hops);

        Assert.Equal(key, await back.KeyAsync());
    }

    [Fact]
    public async Task Echo_LargeMessage_ComesBack()
    {
        int[] numbers = [.. Enumerable.Range(0, 300_000)];

        Box back = await Echo(0).BoxAsync(new Box { Values = numbers }, 0);

        Assert.Equal(numbers, back.Values);
    }

    [Fact]
    public async Task Echo_ImmutableWithinOneSilo_IsShared()
    {
        Assert.True(await Echo(1).SharesImmutableAsync());
    }

    private IEchoGrain Echo(int hops) => silos.Client.GetGrain<IEchoGrain>(silos.NewKeyOn(hops == 0 ? 1 : 0));
}
