using System.Collections.Concurrent;
using System.Reflection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>What the attributes of a grain class say.</summary>
internal sealed class GrainClass
{
    private static readonly ConcurrentDictionary<Type, GrainClass> Classes = new();

    private GrainClass(Type type)
    {
        Type = type;
        GrainType = TypeOf(type);
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        IsKeptAlive = type.IsDefined(typeof(KeepAliveAttribute), inherit: true);
        AgeLimit = type.GetCustomAttribute<CollectionAgeLimitAttribute>(inherit: true)?.AgeLimit;
        Placement = type.GetCustomAttribute<PlacementAttribute>(inherit: true)?.PlacementStrategy ?? new RandomPlacement();
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public bool IsReentrant { get; }

    public bool IsKeptAlive { get; }

    public TimeSpan? AgeLimit { get; }

    public PlacementStrategy Placement { get; }

    public static GrainClass Of(Type type) => Classes.GetOrAdd(type, static type => new GrainClass(type));

    /// <summary>The class name in lower case without its ending "Grain".</summary>
    public static GrainType TypeOf(Type type)
    {
        string name = type.Name;
        string stem = name.Length > 5 && name.EndsWith("Grain", StringComparison.OrdinalIgnoreCase) ? name[..^5] : name;
        return GrainType.Create(stem.ToLowerInvariant());
    }

    public TimeSpan CollectionAge(GrainCollectionOptions options)
    {
        if (IsKeptAlive)
        {
            return Timeout.InfiniteTimeSpan;
        }

        TimeSpan age = AgeLimit ?? options.ClassSpecificCollectionAge.GetValueOrDefault(Type.FullName!, options.CollectionAge);
        return age == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : age;
    }
}
