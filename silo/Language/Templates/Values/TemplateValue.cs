using DeepSeekOrleans.Language.Provenance;

namespace DeepSeekOrleans.Language.Templates.Values;

/// <summary>
/// A value inside a template. A closed set: templates reach nothing of the process, no .NET object and no reflection. All but
/// <see cref="NamespaceValue"/> are immutable.
/// </summary>
internal abstract class TemplateValue
{
    /// <summary>The type's name in error messages, as template authors know it from Python.</summary>
    public abstract string TypeName { get; }

    public virtual bool IsTrue => true;
}

/// <summary>A name that nothing defines. May be tested and printed (as nothing); everything else is refused.</summary>
internal sealed class UndefinedValue(string name) : TemplateValue
{
    public string Name => name;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;
}

internal sealed class NoneValue : TemplateValue
{
    public static NoneValue Instance { get; } = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

internal sealed class BooleanValue(bool value) : TemplateValue
{
    public static BooleanValue True { get; } = new(true);

    public static BooleanValue False { get; } = new(false);

    public bool Value => value;

    public override string TypeName => "bool";

    public override bool IsTrue => value;

    public static BooleanValue Of(bool value) => value ? True : False;
}

/// <summary>128 bits: every 64-bit number of a JSON schema, signed or not, prints exactly.</summary>
internal sealed class IntegerValue(Int128 value) : TemplateValue
{
    public Int128 Value => value;

    public override string TypeName => "int";

    public override bool IsTrue => value != 0;
}

internal sealed class FloatValue(double value) : TemplateValue
{
    public double Value => value;

    public override string TypeName => "float";

    public override bool IsTrue => value != 0;
}

internal sealed class TextValue(TrackedText text) : TemplateValue
{
    public TrackedText Tracked => text;

    public string Text => text.Text;

    public override string TypeName => "str";

    public override bool IsTrue => text.Length > 0;

    public static TextValue FromUser(string text) => new(TrackedText.FromUser(text));
}

internal sealed class ListValue(IReadOnlyList<TemplateValue> items, bool isTuple = false) : TemplateValue
{
    public IReadOnlyList<TemplateValue> Items => items;

    public bool IsTuple => isTuple;

    public override string TypeName => isTuple ? "tuple" : "list";

    public override bool IsTrue => items.Count > 0;
}

/// <summary>A mapping with text keys in order.</summary>
internal sealed class MapValue(OrderedDictionary<string, MapEntry> entries) : TemplateValue
{
    public OrderedDictionary<string, MapEntry> Entries => entries;

    public override string TypeName => "dict";

    public override bool IsTrue => entries.Count > 0;
}

internal readonly record struct MapEntry(TextValue Key, TemplateValue Value);

/// <summary>What <c>namespace()</c> makes: the one thing whose attributes a template may set.</summary>
internal sealed class NamespaceValue : TemplateValue
{
    public Dictionary<string, TemplateValue> Attributes { get; } = [];

    public override string TypeName => "Namespace";
}

/// <summary>A macro, a function of the library, or a method of a value.</summary>
internal sealed class CallableValue(string name, Func<CallArguments, TemplateValue> body) : TemplateValue
{
    public string Name => name;

    public override string TypeName => "function";

    public TemplateValue Call(CallArguments arguments) => body(arguments);
}
