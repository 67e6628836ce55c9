using System.Collections.Immutable;
using System.Reflection;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>What the loaded assemblies hold for grains: interfaces, classes and aliases.</summary>
internal sealed class ApplicationParts
{
    private static readonly Lock CurrentLock = new();
    private static ApplicationParts? _current;

    private readonly Dictionary<string, Type> _interfaces = [];
    private readonly Dictionary<string, Type> _aliases = [];

    private ApplicationParts(ImmutableHashSet<Assembly> assemblies)
    {
        Assemblies = assemblies;
        foreach (Type type in assemblies.SelectMany(LoadableTypes))
        {
            Add(type);
        }
    }

    /// <summary>The parts as of now; looked for again when assemblies have been loaded since.</summary>
    public static ApplicationParts Current
    {
        get
        {
            lock (CurrentLock)
            {
                int loaded = AppDomain.CurrentDomain.GetAssemblies().Length;
                if (_current is null || _current.LoadedAssemblies != loaded)
                {
                    _current = new ApplicationParts(PartFinder.Find()) { LoadedAssemblies = AppDomain.CurrentDomain.GetAssemblies().Length };
                }

                return _current;
            }
        }
    }

    public ImmutableHashSet<Assembly> Assemblies { get; }

    /// <summary>Concrete grain classes by grain type.</summary>
    public Dictionary<GrainType, Type> GrainClasses { get; } = [];

    private int LoadedAssemblies { get; init; }

    public Type? InterfaceByName(string name) => _interfaces.GetValueOrDefault(name);

    public Type? TypeByAlias(string alias) => _aliases.GetValueOrDefault(alias);

    private static IEnumerable<Type> LoadableTypes(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException partial)
        {
            return partial.Types.OfType<Type>();
        }
    }

    private void Add(Type type)
    {
        if (type.IsInterface && typeof(IAddressable).IsAssignableFrom(type))
        {
            _interfaces[InterfaceModel.NameOf(type)] = type;
        }
        else if (type is { IsClass: true, IsAbstract: false } && typeof(IGrainBase).IsAssignableFrom(type) && typeof(IGrain).IsAssignableFrom(type))
        {
            AddGrainClass(type);
        }
        else if (type.GetCustomAttribute<AliasAttribute>(inherit: false) is { } alias)
        {
            _aliases[alias.Alias] = type;
        }
    }

    private void AddGrainClass(Type type)
    {
        GrainType grainType = GrainClass.TypeOf(type);
        if (!GrainClasses.TryAdd(grainType, type))
        {
            throw new InvalidOperationException($"{type} and {GrainClasses[grainType]} both have the grain type '{grainType}'");
        }
    }
}
