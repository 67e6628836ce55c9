using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Messaging;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Client;

/// <summary>Makes the references of one silo or client.</summary>
internal sealed class GrainFactory(Node node, IServiceProvider services) : IClusterClient
{
    private readonly ConcurrentDictionary<InterfaceModel, GrainType> _grainTypes = new();

    public IServiceProvider ServiceProvider => services;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        if (grainClassNamePrefix is not null)
        {
            throw new NotSupportedException("the embedded host finds a grain class by its interface alone");
        }

        return (TGrainInterface)GetGrain(typeof(TGrainInterface), primaryKey);
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => (TGrainInterface)(object)node.CreateReference(grainId, typeof(TGrainInterface));

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(grainPrimaryKey);
        InterfaceModel model = InterfaceModel.Of(grainInterfaceType);
        return (IGrain)(object)model.Prototype.Bind(GrainId.Create(_grainTypes.GetOrAdd(model, node.GrainTypeOf), grainPrimaryKey), node);
    }

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ArgumentNullException.ThrowIfNull(obj);
        return (TGrainObserverInterface)(object)node.Observers.Add(obj, typeof(TGrainObserverInterface));
    }

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ArgumentNullException.ThrowIfNull(obj);
        node.Observers.Remove(obj as GrainReference ?? throw new ArgumentException("the argument is no reference", nameof(obj)));
    }
}
