namespace Orleans.Runtime
{
    /// <summary>Names the rule by which a new activation gets its silo; an <c>IPlacementDirector</c> carries it out.</summary>
    public abstract class PlacementStrategy;

    /// <summary>Any compatible silo. The default.</summary>
    [GenerateSerializer, Immutable]
    public sealed class RandomPlacement : PlacementStrategy;

    /// <summary>The caller's silo when it is compatible, otherwise any.</summary>
    [GenerateSerializer, Immutable]
    public sealed class PreferLocalPlacement : PlacementStrategy;
}

namespace Orleans.Placement
{
    using Orleans.Runtime;

    /// <summary>Gives a grain class its placement strategy.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public abstract class PlacementAttribute : Attribute
    {
        protected PlacementAttribute(PlacementStrategy placement)
        {
            ArgumentNullException.ThrowIfNull(placement);
            PlacementStrategy = placement;
        }

        public PlacementStrategy PlacementStrategy { get; }
    }

    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class RandomPlacementAttribute() : PlacementAttribute(new RandomPlacement());

    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(new PreferLocalPlacement());
}
