using System.Collections.Concurrent;
using System.Net;
using DeepSeekOrleans.Embedded.Invocation;
using Orleans.Runtime;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>The codec of each type, made when first needed and kept for the life of the process.</summary>
internal static class CodecTable
{
    private static readonly ConcurrentDictionary<Type, Codec> Codecs = new(WellKnown());

    /// <exception cref="CodecNotFoundException">The type cannot be sent.</exception>
    public static Codec Get(Type type) => Codecs.TryGetValue(type, out Codec? codec) ? codec : Add(type);

    /// <exception cref="CodecNotFoundException">The type cannot be sent.</exception>
    public static Codec<T> Get<T>() => ByType<T>.Codec ??= (Codec<T>)Get(typeof(T));

    /// <summary>The type to name on the wire for a value: references to grains travel as such, whatever their proxy's class.</summary>
    public static Type WireTypeOf(object value) => value switch
    {
        GrainReference => typeof(GrainReference),
        Type => typeof(Type),
        _ => value.GetType(),
    };

    // Not GetOrAdd: while a codec is made, the codecs of its members are looked up too.
    private static Codec Add(Type type) => Codecs.GetOrAdd(type, CodecFactory.Create(type));

    private static Dictionary<Type, Codec> WellKnown() => new()
    {
        [typeof(bool)] = new IntegerCodec<bool>(value => value ? 1UL : 0, wire => wire != 0),
        [typeof(byte)] = new IntegerCodec<byte>(value => value, wire => (byte)wire),
        [typeof(sbyte)] = new IntegerCodec<sbyte>(value => ZigZag(value), wire => (sbyte)UnZigZag(wire)),
        [typeof(char)] = new IntegerCodec<char>(value => value, wire => (char)wire),
        [typeof(short)] = new IntegerCodec<short>(value => ZigZag(value), wire => (short)UnZigZag(wire)),
        [typeof(ushort)] = new IntegerCodec<ushort>(value => value, wire => (ushort)wire),
        [typeof(int)] = new IntegerCodec<int>(value => ZigZag(value), wire => (int)UnZigZag(wire)),
        [typeof(uint)] = new IntegerCodec<uint>(value => value, wire => (uint)wire),
        [typeof(long)] = new IntegerCodec<long>(ZigZag, UnZigZag),
        [typeof(ulong)] = new IntegerCodec<ulong>(value => value, wire => wire),
        [typeof(float)] = new SingleCodec(),
        [typeof(double)] = new DoubleCodec(),
        [typeof(decimal)] = new BlittableCodec<decimal>(),
        [typeof(Guid)] = new BlittableCodec<Guid>(),
        [typeof(DateTime)] = new IntegerCodec<DateTime>(value => (ulong)value.ToBinary(), wire => DateTime.FromBinary((long)wire)),
        [typeof(DateTimeOffset)] = new DateTimeOffsetCodec(),
        [typeof(TimeSpan)] = new IntegerCodec<TimeSpan>(value => ZigZag(value.Ticks), wire => new TimeSpan(UnZigZag(wire))),
        [typeof(string)] = new StringCodec(),
        [typeof(Uri)] = new ParsedCodec<Uri>(value => value.OriginalString, text => new Uri(text, UriKind.RelativeOrAbsolute)),
        [typeof(Version)] = new ParsedCodec<Version>(value => value.ToString(), Version.Parse),
        [typeof(IPAddress)] = new ParsedCodec<IPAddress>(value => value.ToString(), IPAddress.Parse),
        [typeof(IPEndPoint)] = new ParsedCodec<IPEndPoint>(value => value.ToString(), text => IPEndPoint.Parse(text)),
        [typeof(SiloAddress)] = new ParsedCodec<SiloAddress>(value => value.ToParsableString(), SiloAddress.FromParsableString),
        [typeof(GrainReference)] = new ReferenceCodec<GrainReference>(),
        [typeof(object)] = new PolymorphicCodec<object>(null),
    };

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static long UnZigZag(ulong wire) => (long)(wire >> 1) ^ -(long)(wire & 1);

    private static class ByType<T>
    {
        public static Codec<T>? Codec;
    }
}
