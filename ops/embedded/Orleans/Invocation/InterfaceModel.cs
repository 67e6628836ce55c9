using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>A grain interface: its name on the wire and its methods.</summary>
internal sealed class InterfaceModel
{
    private static readonly ConcurrentDictionary<Type, InterfaceModel> Models = new();

    private readonly FrozenDictionary<MethodInfo, MethodModel> _byMethod;
    private readonly FrozenDictionary<uint, MethodModel> _byId;
    private readonly Lazy<GrainReference> _prototype;

    private InterfaceModel(Type type)
    {
        Type = type;
        Name = NameOf(type);
        InterfaceType = GrainInterfaceType.Create(Name);
        MethodModel[] methods = [.. type.GetInterfaces().Prepend(type).SelectMany(part => part.GetMethods()).Select(method => new MethodModel(this, method))];
        _byMethod = methods.ToFrozenDictionary(method => method.Method);
        _byId = methods.ToFrozenDictionary(method => method.WireId);
        _prototype = new(() => GrainReference.CreatePrototype(this));
    }

    public Type Type { get; }

    public string Name { get; }

    public GrainInterfaceType InterfaceType { get; }

    public GrainReference Prototype => _prototype.Value;

    /// <exception cref="ArgumentException">Two methods have the same name and parameters on the wire.</exception>
    public static InterfaceModel Of(Type type) => Models.GetOrAdd(type, static type => new InterfaceModel(type));

    public static string NameOf(Type type) => type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? type.FullName!;

    public MethodModel MethodOf(MethodInfo method) => _byMethod[method];

    /// <exception cref="SerializerException">The interface has no such method in this version.</exception>
    public MethodModel MethodById(uint id) =>
        _byId.TryGetValue(id, out MethodModel? method)
            ? method
            : throw new SerializerException($"the grain interface {Name} has no method with the wire id {id} here");
}
