namespace DeepSeekOrleans.Embedded.Serialization;

/// <summary>How the payload after a field's header is laid out; enough to skip a field whose id is unknown.</summary>
internal enum WireType : byte
{
    VarInt = 0,
    Fixed32 = 1,
    Fixed64 = 2,

    /// <summary>Length as a varint, then that many bytes.</summary>
    Bytes = 3,

    /// <summary>Length in four bytes, written after the content, then the content.</summary>
    Block = 4,

    /// <summary>Like <see cref="Block"/>; the content begins with the name of the value's type.</summary>
    TypedBlock = 5,

    Null = 6,

    /// <summary>Ends the members of one class of a hierarchy; the members of the next derived class follow.</summary>
    EndLevel = 7,
}
