using System.Linq.Expressions;
using System.Reflection;
using DeepSeekOrleans.Embedded.Serialization;
using Orleans;
using Orleans.Concurrency;

namespace DeepSeekOrleans.Embedded.Invocation;

/// <summary>A method of a grain interface: what its attributes say, and how to call it with arguments that came by wire.</summary>
internal sealed class MethodModel
{
    private readonly ParameterInfo[] _parameters;
    private readonly bool[] _immutable;
    private readonly Lazy<Func<object, object?[], object?>> _invoke;
    private Codec?[]? _codecs;

    public MethodModel(InterfaceModel declaring, MethodInfo method)
    {
        Interface = declaring;
        Method = method;
        _parameters = method.GetParameters();
        _immutable = [.. _parameters.Select(parameter => parameter.IsDefined(typeof(ImmutableAttribute), inherit: false))];
        CancellationIndex = Array.FindIndex(_parameters, parameter => parameter.ParameterType == typeof(CancellationToken));
        WireId = StableHash(WireName(method));
        IsOneWay = method.IsDefined(typeof(OneWayAttribute), inherit: true);
        IsReadOnly = method.IsDefined(typeof(ReadOnlyAttribute), inherit: true);
        AlwaysInterleaves = method.IsDefined(typeof(AlwaysInterleaveAttribute), inherit: true);
        ResponseTimeout = method.GetCustomAttribute<ResponseTimeoutAttribute>(inherit: true)?.Timeout;
        Returns = ReturnShape.Of(method);
        _invoke = new(() => CompileInvoke(method, _parameters));
    }

    public InterfaceModel Interface { get; }

    public MethodInfo Method { get; }

    public uint WireId { get; }

    public bool IsOneWay { get; }

    public bool IsReadOnly { get; }

    public bool AlwaysInterleaves { get; }

    public TimeSpan? ResponseTimeout { get; }

    /// <summary>The position of the CancellationToken parameter, or -1.</summary>
    public int CancellationIndex { get; }

    public ReturnShape Returns { get; }

    public int ParameterCount => _parameters.Length;

    public object? Invoke(object target, object?[] arguments) => _invoke.Value(target, arguments);

    /// <summary>Replaces each argument by a copy. The token is taken out: it travels as a message of its own.</summary>
    public void CopyArguments(object?[] arguments)
    {
        Codec?[] codecs = Codecs();
        for (int i = 0; i < arguments.Length; i++)
        {
            if (codecs[i] is not { } codec)
            {
                arguments[i] = null;
            }
            else if (!_immutable[i])
            {
                arguments[i] = codec.CopyBoxed(arguments[i]);
            }
        }
    }

    public void WriteArguments(WireWriter writer, object?[] arguments)
    {
        Codec?[] codecs = Codecs();
        for (int i = 0; i < arguments.Length; i++)
        {
            codecs[i]?.WriteBoxed(writer, (uint)i, arguments[i]);
        }
    }

    /// <summary>Arguments that the message lacks, because its sender knows an older version of the method, keep their defaults.</summary>
    public object?[] ReadArguments(WireReader reader)
    {
        var arguments = new object?[_parameters.Length];
        Codec?[] codecs = Codecs();
        while (!reader.AtEnd)
        {
            (uint id, WireType type) = reader.Header();
            if (id < arguments.Length && codecs[id] is { } codec)
            {
                arguments[id] = codec.ReadBoxed(reader, type);
            }
            else
            {
                reader.Skip(type);
            }
        }

        return arguments;
    }

    private static string WireName(MethodInfo method)
    {
        if (method.GetCustomAttribute<AliasAttribute>(inherit: false) is { } alias)
        {
            return alias.Alias;
        }

        IEnumerable<string> parameters = method.GetParameters()
            .Where(parameter => parameter.ParameterType != typeof(CancellationToken))
            .Select(parameter => TypeNames.NameOf(parameter.ParameterType));
        return $"{method.Name}({string.Join(';', parameters)})";
    }

    /// <summary>FNV-1a: the same in every process, unlike string.GetHashCode.</summary>
    private static uint StableHash(string text) =>
        text.Aggregate(2166136261u, static (hash, character) => (hash ^ character) * 16777619u);

    private static Func<object, object?[], object?> CompileInvoke(MethodInfo method, ParameterInfo[] parameters)
    {
        ParameterExpression target = Expression.Parameter(typeof(object));
        ParameterExpression arguments = Expression.Parameter(typeof(object?[]));
        IEnumerable<Expression> unpacked = parameters.Select((parameter, i) =>
        {
            Expression boxed = Expression.ArrayIndex(arguments, Expression.Constant(i));
            Expression typed = Expression.Convert(boxed, parameter.ParameterType);
            return parameter.ParameterType.IsValueType
                ? Expression.Condition(Expression.ReferenceEqual(boxed, Expression.Constant(null)), Expression.Default(parameter.ParameterType), typed)
                : typed;
        });
        Expression call = Expression.Call(Expression.Convert(target, method.DeclaringType!), method, unpacked);
        Expression result = method.ReturnType == typeof(void)
            ? Expression.Block(call, Expression.Constant(null))
            : Expression.Convert(call, typeof(object));
        return Expression.Lambda<Func<object, object?[], object?>>(result, target, arguments).Compile();
    }

    // Made at the first call and not with the model, so that one type without a serializer spoils only the methods that have it.
    private Codec?[] Codecs() => _codecs ??=
    [
        .. _parameters.Select((parameter, i) => i == CancellationIndex ? null : CodecTable.Get(parameter.ParameterType)),
    ];
}
