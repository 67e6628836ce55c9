namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>
/// The tenant that an authenticated principal belongs to. What belongs to a tenant is named with this type, so that no key can be made
/// from a text that merely looks like a tenant's name.
/// </summary>
/// <param name="Value">1 to 64 of the characters A-Z a-z 0-9 . _ -</param>
[GenerateSerializer, Immutable, Alias("deepseek.TenantName")]
public readonly record struct TenantName([property: Id(0)] string Value)
{
    public override string ToString() => Value;
}
