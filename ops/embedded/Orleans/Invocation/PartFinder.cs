using System.Collections.Immutable;
using System.Reflection;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>Finds the assemblies that know this one, among the loaded ones and those that they refer to.</summary>
internal static class PartFinder
{
    private static readonly string Self = typeof(PartFinder).Assembly.GetName().Name!;

    public static ImmutableHashSet<Assembly> Find()
    {
        var seen = new HashSet<string>();
        var parts = ImmutableHashSet.CreateBuilder<Assembly>();
        var open = new Stack<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic));
        while (open.TryPop(out Assembly? assembly))
        {
            if (!seen.Add(assembly.FullName!) || IsFramework(assembly.GetName()))
            {
                continue;
            }

            AssemblyName[] references = assembly.GetReferencedAssemblies();
            if (assembly.GetName().Name == Self || references.Any(reference => reference.Name == Self))
            {
                parts.Add(assembly);
            }

            foreach (AssemblyName reference in references.Where(reference => !seen.Contains(reference.FullName) && !IsFramework(reference)))
            {
                if (TryLoad(reference) is { } loaded)
                {
                    open.Push(loaded);
                }
            }
        }

        return parts.ToImmutable();
    }

    private static bool IsFramework(AssemblyName name) =>
        name.Name is { } text
        && (text.StartsWith("System.", StringComparison.Ordinal) || text.StartsWith("Microsoft.", StringComparison.Ordinal)
            || text is "netstandard" or "mscorlib" or "System");

    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception absent) when (absent is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            // A reference that is not deployed holds no grains that could be called.
            return null;
        }
    }
}
