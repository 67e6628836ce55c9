using System.Security.Cryptography;
using System.Text;
using DeepSeekOrleans.Frontend.Admission;
using Microsoft.Extensions.Options;

namespace DeepSeekOrleans.Frontend.Tests.Admission;

public sealed class KeyRingTests
{
    private static readonly KeyRing Keys = Ring(("first", "key-one"), ("second", "key-two"));

    [Theory]
    [InlineData("Bearer key-one", "first")]
    [InlineData("Bearer key-two", "second")]
    [InlineData("bearer key-two ", "second")]
    public void Find_KnownKey_IsItsTenant(string authorization, string tenant) =>
        Assert.Equal(tenant, Keys.Find(authorization)?.Tenant.Value);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer key-three")]
    [InlineData("Bearer key-one key-one")]
    [InlineData("Basic key-one")]
    [InlineData("key-one")]
    public void Find_MissingOrUnknownKey_IsNobody(string? authorization) => Assert.Null(Keys.Find(authorization));

    [Fact]
    public void Find_KeyLongerThanAnyKey_IsNobody() => Assert.Null(Keys.Find("Bearer " + new string('\uD7FF', 100_000)));

    [Fact]
    public void Find_NoKeysConfigured_IsLocal() => Assert.Equal("local", Ring().Find(null)?.Tenant.Value);

    private static KeyRing Ring(params (string Tenant, string Key)[] keys) => new(Options.Create(new AdmissionOptions
    {
        Keys = [.. keys.Select(key => new ApiKeyOptions { Tenant = key.Tenant, Sha256 = Hash(key.Key) })],
    }));

    private static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
