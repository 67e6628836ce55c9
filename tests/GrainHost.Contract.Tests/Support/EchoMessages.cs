using System.Collections.Immutable;
using System.Globalization;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.Support;

[GenerateSerializer, Immutable, Alias("contract.Point")]
public readonly record struct Point([property: Id(0)] int X, [property: Id(1)] int Y);

[GenerateSerializer, Immutable, Alias("contract.Named")]
public sealed record Named([property: Id(0)] string Name, [property: Id(1)] Point At);

[GenerateSerializer]
public abstract class Shape
{
    [Id(0)] public string Name { get; set; } = "";
}

[GenerateSerializer]
public sealed class Circle : Shape
{
    [Id(0)] public double Radius { get; set; }
}

[GenerateSerializer]
public sealed class Box
{
    [Id(0)] public int[] Values { get; set; } = [];
}

[GenerateSerializer]
public sealed record WithDefaults
{
    [Id(0)] public float Factor { get; init; } = 1;

    [Id(1)] public string Label { get; init; } = "label";

    [field: NonSerialized]
    public int Unsent { get; init; } = 42;
}

/// <summary>Deliberately without [GenerateSerializer].</summary>
public sealed class Unmarked
{
    public int Value { get; set; }
}

[GenerateSerializer, Alias("contract.Everything")]
public sealed record Everything
{
    [Id(0)] public required int Number { get; init; }

    [Id(1)] public ulong Big { get; init; }

    [Id(2)] public float Real { get; init; }

    [Id(3)] public double Precise { get; init; }

    [Id(4)] public bool Flag { get; init; }

    [Id(5)] public char Letter { get; init; }

    [Id(6)] public string Text { get; init; } = "";

    [Id(7)] public string? Missing { get; init; }

    [Id(8)] public Guid Id { get; init; }

    [Id(9)] public TimeSpan Span { get; init; }

    [Id(10)] public DateTimeOffset When { get; init; }

    [Id(11)] public DayOfWeek Kind { get; init; }

    [Id(12)] public int? Maybe { get; init; }

    [Id(13)] public DayOfWeek? Nothing { get; init; }

    [Id(14)] public int[] Numbers { get; init; } = [];

    [Id(15)] public string[] Words { get; init; } = [];

    [Id(16)] public List<Point> Items { get; init; } = [];

    [Id(17)] public Dictionary<string, Point> Map { get; init; } = [];

    [Id(18)] public ImmutableArray<long> Fixed { get; init; } = [];

    [Id(19)] public ImmutableDictionary<string, int> FixedMap { get; init; } = ImmutableDictionary<string, int>.Empty;

    [Id(20)] public (int, string) Pair { get; init; }

    [Id(200)] public Named? Inner { get; init; }

    /// <summary>All values as one text, for comparing.</summary>
    public string Summary()
    {
        string plain = string.Create(
            CultureInfo.InvariantCulture,
            $"{Number} {Big} {Real} {Precise} {Flag} {Letter} {Text} {Missing is null} {Id} {Span} {When:O} {Kind} {Maybe} {Nothing is null} {Pair} {Inner}");
        return $"{plain} [{string.Join(',', Numbers)}] [{string.Join(',', Words)}] [{string.Join(',', Items)}] [{string.Join(',', Map)}]"
            + $" [{string.Join(',', Fixed)}] [{string.Join(',', FixedMap)}]";
    }
}
