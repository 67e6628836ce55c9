using System.Reflection;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Messaging;

namespace Orleans.Runtime;

/// <summary>The caller's side of a grain: it has the grain's interface and turns calls into messages.</summary>
public class GrainReference : DispatchProxy, IAddressable, IEquatable<GrainReference>
{
    private GrainId _grainId;
    private Node? _node;

    public GrainId GrainId => _grainId;

    public GrainInterfaceType InterfaceType => Model.InterfaceType;

    public string InterfaceName => Model.Name;

    internal InterfaceModel Model { get; private set; } = null!;

    internal Node Node => _node!;

    public bool Equals(GrainReference? other) => other is not null && _grainId.Equals(other._grainId);

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => _grainId.GetHashCode();

    public override string ToString() => $"GrainReference:{_grainId}:{Model.Name}";

    internal static GrainReference CreatePrototype(InterfaceModel model)
    {
        var prototype = (GrainReference)Create(model.Type, typeof(GrainReference));
        prototype.Model = model;
        return prototype;
    }

    /// <summary>A clone of the prototype, because a new proxy costs many times as much.</summary>
    internal GrainReference Bind(GrainId id, Node node)
    {
        var reference = (GrainReference)MemberwiseClone();
        reference._grainId = id;
        reference._node = node;
        return reference;
    }

    internal GrainReference CastTo(Type interfaceType) =>
        interfaceType.IsInstanceOfType(this) ? this : InterfaceModel.Of(interfaceType).Prototype.Bind(_grainId, Node);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        Node.Calls.Invoke(this, Model.MethodOf(targetMethod!), args ?? []);
}
