using System.Collections.Concurrent;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Messaging;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Client;

/// <summary>The observers that live on one silo or client. It holds them by weak references: their owner keeps them alive.</summary>
internal sealed class ObserverTable(Node node, ILogger logger)
{
    private static readonly GrainType ObserverType = GrainType.Create("sys.client");
    private static readonly GrainType RuntimeType = GrainType.Create("sys.silo");

    private readonly ConcurrentDictionary<GrainId, LocalObserver> _observers = new();
    private readonly ConcurrentBag<object> _runtimeParts = [];

    public static bool IsObserver(GrainId id) => id.Type == ObserverType || id.Type == RuntimeType;

    /// <summary>The identity of a part of the runtime itself on a given silo.</summary>
    public static GrainId RuntimePart(SiloAddress silo, string name) => GrainId.Create(RuntimeType, $"{silo.ToParsableString()}+{name}");

    public static bool IsRuntimePart(GrainId id) => id.Type == RuntimeType;

    /// <summary>The node that the identity names.</summary>
    public static SiloAddress HomeOf(GrainId id)
    {
        string key = id.Key.ToString();
        return SiloAddress.FromParsableString(key[..key.IndexOf('+', StringComparison.Ordinal)]);
    }

    public GrainReference Add(IGrainObserver observer, Type interfaceType)
    {
        if (observer is GrainReference)
        {
            throw new ArgumentException("the argument is a reference already", nameof(observer));
        }

        var id = GrainId.Create(ObserverType, $"{node.Address.ToParsableString()}+{Guid.NewGuid():N}");
        _observers[id] = new LocalObserver(node, logger, observer);
        return node.CreateReference(id, interfaceType);
    }

    /// <summary>Makes a part of the runtime callable from other silos under a name; it stays as long as the node.</summary>
    public void AddRuntimePart(string name, object part)
    {
        _runtimeParts.Add(part);
        _observers[RuntimePart(node.Address, name)] = new LocalObserver(node, logger, part);
    }

    public void Remove(GrainReference reference) => _observers.TryRemove(reference.GrainId, out _);

    public void Deliver(Message message)
    {
        if (_observers.TryGetValue(message.Target, out LocalObserver? observer))
        {
            message.Detach();
            observer.Post(message);
            return;
        }

        node.Replies.Fail(message, Gone(message));
    }

    internal static OrleansMessageRejectionException Gone(Message message) =>
        new($"The observer {message.Target} is not registered or has been collected.");
}
