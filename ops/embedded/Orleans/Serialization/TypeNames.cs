using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using DeepSeekOrleans.Embedded.Invocation;
using Orleans;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Names types on the wire: by their alias, or by full name and assembly without its version.</summary>
internal static class TypeNames
{
    private const char AliasMark = '@';

    private static readonly ConcurrentDictionary<Type, string> Names = new();
    private static readonly ConcurrentDictionary<string, Type> Types = new();
    private static readonly ConcurrentDictionary<string, Type> Interfaces = new();

    public static string NameOf(Type type) => Names.GetOrAdd(type, static type =>
    {
        var name = new StringBuilder();
        string? alias = type.IsGenericType ? null : type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;
        if (alias is not null)
        {
            return name.Append(AliasMark).Append(alias).ToString();
        }

        AppendFullName(name, type);
        return name.Append(", ").Append(AssemblyOf(type)).ToString();
    });

    /// <summary>Only finds the type; whether it may be read is the codec table's decision.</summary>
    /// <exception cref="SerializerException">There is no such type here.</exception>
    public static Type Resolve(string name)
    {
        if (Types.TryGetValue(name, out Type? known))
        {
            return known;
        }

        Type? found = name.StartsWith(AliasMark)
            ? ApplicationParts.Current.TypeByAlias(name[1..])
            : Type.GetType(name, FindAssembly, null, throwOnError: false);
        return found is null ? throw new SerializerException($"the type '{name}' is unknown here") : Types.GetOrAdd(name, found);
    }

    /// <exception cref="SerializerException">There is no such grain interface here.</exception>
    public static Type ResolveInterface(string name) =>
        Interfaces.TryGetValue(name, out Type? known)
            ? known
            : Interfaces.GetOrAdd(
                name,
                ApplicationParts.Current.InterfaceByName(name) ?? throw new SerializerException($"the grain interface '{name}' is unknown here"));

    private static void AppendFullName(StringBuilder name, Type type)
    {
        if (type.IsArray)
        {
            AppendFullName(name, type.GetElementType()!);
            name.Append('[').Append(',', type.GetArrayRank() - 1).Append(']');
            return;
        }

        if (!type.IsConstructedGenericType)
        {
            name.Append(type.FullName);
            return;
        }

        name.Append(type.GetGenericTypeDefinition().FullName).Append('[');
        foreach (Type argument in type.GetGenericArguments())
        {
            name.Append(name[^1] == '[' ? "[" : ",[");
            AppendFullName(name, argument);
            name.Append(", ").Append(AssemblyOf(argument)).Append(']');
        }

        name.Append(']');
    }

    private static string AssemblyOf(Type type) => type.Assembly.GetName().Name!;

    private static Assembly? FindAssembly(AssemblyName name) =>
        AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(assembly => assembly.GetName().Name == name.Name);
}
