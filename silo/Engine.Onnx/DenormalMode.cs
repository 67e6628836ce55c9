using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DeepSeekOrleans.Engine.Onnx;

/// <summary>
/// Treats denormal numbers as zero on the calling thread for as long as it lives, and restores what was before. ONNX Runtime sets this
/// mode on its own threads, but on a caller's thread only sometimes (on the one that made the first session, and on threads that
/// inherit from it). Unscoped, the same step would round differently on two threads, and managed code would inherit the mode: integers
/// that vector code carries in float registers are denormals, so that an index search finds 0.
/// </summary>
internal readonly unsafe ref struct DenormalMode : IDisposable
{
    // fenv_t is 32 bytes on Linux x64 (glibc's and musl's fenv.h) and 16 on macOS arm64; the control register lies at these offsets
    private const int EnvironmentBytes = 32;
    private static readonly Platform? Current = Platform.Find();

    private readonly Saved _before;

    private DenormalMode(Saved before) => _before = before;

    /// <summary>True where the platform is known; elsewhere nothing is changed, and sessions must not ask for the mode either.</summary>
    public static bool IsSupported => Current is not null;

    public static DenormalMode Flush()
    {
        if (Current is not { } platform)
        {
            return default;
        }

        Saved before = default;
        platform.Get(before.Bytes);
        Saved flushed = before;
        Span<byte> control = new Span<byte>(flushed.Bytes, EnvironmentBytes)[platform.ControlOffset..];
        uint bits = BinaryPrimitives.ReadUInt32LittleEndian(control);
        BinaryPrimitives.WriteUInt32LittleEndian(control, bits | platform.FlushBits);
        platform.Set(flushed.Bytes);
        return new DenormalMode(before);
    }

    public void Dispose()
    {
        if (Current is { } platform)
        {
            Saved before = _before;
            platform.Set(before.Bytes);
        }
    }

    private struct Saved
    {
        public fixed byte Bytes[EnvironmentBytes];
    }

    private sealed class Platform(nint library, int controlOffset, uint flushBits)
    {
        private readonly delegate* unmanaged[SuppressGCTransition]<void*, int> _get =
            (delegate* unmanaged[SuppressGCTransition]<void*, int>)NativeLibrary.GetExport(library, "fegetenv");

        private readonly delegate* unmanaged[SuppressGCTransition]<void*, int> _set =
            (delegate* unmanaged[SuppressGCTransition]<void*, int>)NativeLibrary.GetExport(library, "fesetenv");

        public int ControlOffset { get; } = controlOffset;

        public uint FlushBits { get; } = flushBits;

        public static Platform? Find() => (OperatingSystem.IsLinux(), OperatingSystem.IsMacOS(), RuntimeInformation.ProcessArchitecture) switch
        {
            // MXCSR: bit 15 flushes results, bit 6 reads operands as zero (Intel SDM volume 1, section 10.2.3)
            (true, _, Architecture.X64) when NativeLibrary.TryLoad("libm.so.6", out nint library) => new Platform(library, 28, 0x8040),

            // FPCR: bit 24 (Arm Architecture Reference Manual, FPCR.FZ)
            (_, true, Architecture.Arm64) when NativeLibrary.TryLoad("libSystem.dylib", out nint library) => new Platform(library, 8, 1 << 24),
            _ => null,
        };

        public void Get(byte* environment) => _ = _get(environment);

        public void Set(byte* environment) => _ = _set(environment);
    }
}
