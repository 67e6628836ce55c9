using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using DeepSeekOrleans.Embedded.Invocation;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;

namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>Decides how values of a type are written.</summary>
internal static class CodecFactory
{
    private static readonly HashSet<Type> BlittableElements =
    [
        typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(float), typeof(double), typeof(bool), typeof(char), typeof(Guid),
    ];

    private static readonly Dictionary<Type, Type> Sequences = new()
    {
        [typeof(List<>)] = typeof(ListCodec<>),
        [typeof(HashSet<>)] = typeof(HashSetCodec<>),
        [typeof(ImmutableArray<>)] = typeof(ImmutableArrayCodec<>),
    };

    private static readonly Dictionary<Type, Type> Maps = new()
    {
        [typeof(Dictionary<,>)] = typeof(DictionaryCodec<,>),
        [typeof(ImmutableDictionary<,>)] = typeof(ImmutableDictionaryCodec<,>),
    };

    /// <exception cref="CodecNotFoundException">The type cannot be sent.</exception>
    public static Codec Create(Type type)
    {
        if (type.IsEnum)
        {
            return Make(typeof(EnumCodecs<>), nameof(EnumCodecs<DayOfWeek>.Create), type);
        }

        if (type.IsSZArray)
        {
            Type element = type.GetElementType()!;
            return BlittableElements.Contains(element)
                ? New(typeof(BlittableArrayCodec<>), [element])
                : New(typeof(ArrayCodec<>), [element], CodecTable.Get(element));
        }

        if (typeof(IAddressable).IsAssignableFrom(type))
        {
            return New(typeof(ReferenceCodec<>), [type]);
        }

        return (type.IsGenericType ? CreateGeneric(type) : null) ?? CreateObject(type);
    }

    private static Codec? CreateGeneric(Type type)
    {
        Type definition = type.GetGenericTypeDefinition();
        Type[] arguments = type.GetGenericArguments();
        if (definition == typeof(Nullable<>))
        {
            return New(typeof(NullableCodec<>), arguments, CodecTable.Get(arguments[0]));
        }

        if (Sequences.TryGetValue(definition, out Type? sequence))
        {
            return New(sequence, arguments, CodecTable.Get(arguments[0]));
        }

        return Maps.TryGetValue(definition, out Type? map)
            ? New(map, arguments, CodecTable.Get(typeof(KeyValuePair<,>).MakeGenericType(arguments)))
            : null;
    }

    private static Codec CreateObject(Type type)
    {
        bool isException = typeof(Exception).IsAssignableFrom(type);
        if (typeof(ITuple).IsAssignableFrom(type) || IsPair(type))
        {
            return Wrap(type, ObjectOf(type, [MemberFinder.StoredFields(type)]));
        }

        if (type.IsInterface || (type.IsAbstract && !isException))
        {
            return New(typeof(PolymorphicCodec<>), [type], [null]);
        }

        if (isException)
        {
            return Wrap(type, New(typeof(ExceptionCodec<>), [type], ObjectOf(type, MemberFinder.Levels(type))));
        }

        return type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)
            ? Wrap(type, ObjectOf(type, MemberFinder.Levels(type)))
            : throw new CodecNotFoundException(
                $"Could not find a codec for type {type.FullName}: mark it with [GenerateSerializer] and its members with [Id(n)].");
    }

    private static bool IsPair(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);

    private static Codec Wrap(Type type, Codec codec) =>
        type.IsValueType ? codec : New(typeof(PolymorphicCodec<>), [type], codec);

    private static Codec ObjectOf(Type type, IReadOnlyList<IReadOnlyList<SerializedMember>> levels)
    {
        Type memberBase = typeof(MemberCodec<>).MakeGenericType(type);
        Array byLevel = Array.CreateInstance(memberBase.MakeArrayType(), levels.Count);
        for (int level = 0; level < levels.Count; level++)
        {
            Array members = Array.CreateInstance(memberBase, levels[level].Count);
            for (int i = 0; i < members.Length; i++)
            {
                SerializedMember member = levels[level][i];
                Type codec = typeof(MemberCodec<,>).MakeGenericType(type, member.Field.FieldType);
                members.SetValue(Activator.CreateInstance(codec, member.Id, member.Field, member.IsImmutable), i);
            }

            byLevel.SetValue(members, level);
        }

        bool isImmutable = type.IsDefined(typeof(ImmutableAttribute), inherit: false);
        return New(typeof(ObjectCodec<>), [type], byLevel, isImmutable);
    }

    private static Codec New(Type definition, Type[] typeArguments, params object?[] arguments) =>
        (Codec)Activator.CreateInstance(definition.MakeGenericType(typeArguments), arguments)!;

    private static Codec Make(Type definition, string method, Type typeArgument) =>
        (Codec)definition.MakeGenericType(typeArgument).GetMethod(method, BindingFlags.Static | BindingFlags.Public)!.Invoke(null, null)!;

    private static class EnumCodecs<T>
        where T : struct, Enum
    {
        public static IntegerCodec<T> Create() => new IntegerCodec<T>(ToWire, FromWire);

        private static ulong ToWire(T value) => Unsafe.SizeOf<T>() switch
        {
            1 => Unsafe.BitCast<T, byte>(value),
            2 => Unsafe.BitCast<T, ushort>(value),
            4 => Unsafe.BitCast<T, uint>(value),
            _ => Unsafe.BitCast<T, ulong>(value),
        };

        private static T FromWire(ulong wire) => Unsafe.SizeOf<T>() switch
        {
            1 => Unsafe.BitCast<byte, T>((byte)wire),
            2 => Unsafe.BitCast<ushort, T>((ushort)wire),
            4 => Unsafe.BitCast<uint, T>((uint)wire),
            _ => Unsafe.BitCast<ulong, T>(wire),
        };
    }
}
