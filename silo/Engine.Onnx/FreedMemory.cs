using System.Runtime.InteropServices;

namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>
/// Gives the memory of a closed session back to the system. glibc keeps what was freed for its next allocations, but those of another
/// session seldom fit into the holes: a process that builds its engines anew would grow with each one.
/// </summary>
internal static unsafe class FreedMemory
{
    // since glibc 2.8 for all arenas of the process; other systems have no such function, and other allocators
    private static readonly delegate* unmanaged<nuint, int> Trim = Find();

    public static void GiveBack()
    {
        if (Trim is not null)
        {
            _ = Trim(0);
        }
    }

    private static delegate* unmanaged<nuint, int> Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc_trim", out nint address)
            ? (delegate* unmanaged<nuint, int>)address
            : null;
}
