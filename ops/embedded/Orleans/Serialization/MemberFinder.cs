using System.Reflection;
using Orleans;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>A stored value of a type and its id on the wire.</summary>
internal readonly record struct SerializedMember(uint Id, FieldInfo Field, bool IsImmutable);

/// <summary>Finds what [Id] marks.</summary>
internal static class MemberFinder
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Parameters of a record's primary constructor that carry no id are numbered by their position, away from all written ids.
    private const uint FirstPositionalId = 1 << 20;

    /// <summary>The members of each marked class of the hierarchy, the base first, by rising id.</summary>
    /// <exception cref="SerializerException">Two members share an id, or an id marks a property that stores nothing.</exception>
    public static IReadOnlyList<IReadOnlyList<SerializedMember>> Levels(Type type)
    {
        var levels = new List<IReadOnlyList<SerializedMember>>();
        for (Type? level = type; level is not null; level = level.BaseType)
        {
            if (level == type || level.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            {
                levels.Insert(0, Members(level));
            }
        }

        return levels;
    }

    /// <summary>Every field, numbered in the order of declaration: for tuples and pairs.</summary>
    public static IReadOnlyList<SerializedMember> StoredFields(Type type) =>
        [.. type.GetFields(Declared).OrderBy(field => field.MetadataToken).Select((field, i) => new SerializedMember((uint)i, field, false))];

    private static SerializedMember[] Members(Type type)
    {
        SerializedMember[] members =
        [
            .. type.GetFields(Declared).Where(HasId).Select(field => ToMember(field, field, IdOf(field))),
            .. type.GetProperties(Declared).Where(HasId).Select(property => ToMember(property, BackingField(property), IdOf(property))),
            .. Positional(type),
        ];
        Array.Sort(members, (left, right) => left.Id.CompareTo(right.Id));
        for (int i = 1; i < members.Length; i++)
        {
            if (members[i].Id == members[i - 1].Id)
            {
                throw new SerializerException($"{type.FullName} gives the id {members[i].Id} to two members");
            }
        }

        return members;
    }

    private static IEnumerable<SerializedMember> Positional(Type type)
    {
        bool isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        if (!isRecord)
        {
            return [];
        }

        ConstructorInfo? primary = type.GetConstructors(Declared)
            .FirstOrDefault(constructor => constructor.GetParameters() is { Length: > 0 } parameters
                && parameters.All(parameter => type.GetProperty(parameter.Name!, Declared)?.PropertyType == parameter.ParameterType));
        return primary is null
            ? []
            : from parameter in primary.GetParameters()
              let property = type.GetProperty(parameter.Name!, Declared)!
              where !HasId(property) && FindBackingField(property) is not null
              select ToMember(property, BackingField(property), FirstPositionalId + (uint)parameter.Position);
    }

    private static bool HasId(MemberInfo member) => member.IsDefined(typeof(IdAttribute), inherit: false);

    private static uint IdOf(MemberInfo member) => member.GetCustomAttribute<IdAttribute>(inherit: false)!.Id;

    private static SerializedMember ToMember(MemberInfo marked, FieldInfo field, uint id) =>
        new(id, field, marked.IsDefined(typeof(ImmutableAttribute), inherit: false));

    private static FieldInfo? FindBackingField(PropertyInfo property) =>
        property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", Declared);

    private static FieldInfo BackingField(PropertyInfo property) =>
        FindBackingField(property)
        ?? throw new SerializerException($"{property.DeclaringType}.{property.Name} has an [Id] and is no automatic property");
}
