using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>Makes references that are bound to one silo or client.</summary>
internal interface IReferenceFactory
{
    GrainReference CreateReference(GrainId id, Type interfaceType);
}
