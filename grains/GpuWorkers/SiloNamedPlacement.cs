using Orleans.Placement;
using Orleans.Runtime;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>Places a grain on the silo that the first part of its key names.</summary>
[GenerateSerializer, Immutable, Alias("deepseek.SiloNamedPlacement")]
internal sealed class SiloNamedPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class SiloNamedPlacementAttribute() : PlacementAttribute(new SiloNamedPlacement());
