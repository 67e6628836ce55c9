namespace DeepSeekOrleans.Language.Tests.Prefixes;

public sealed class PrefixChainTests
{
    private static readonly int[] Ids = [.. Enumerable.Range(0, 160)];

    [Fact]
    public void Compute_HundredAndSixtyTokens_NamesTwoWholeBlocks() => Assert.Equal(2, PrefixChain.Compute("t", Ids).Length);

    [Fact]
    public void Compute_LongerPrompt_KeepsTheNamesOfItsPrefix()
    {
        ulong[] longer = PrefixChain.Compute("t", [.. Ids, .. Ids]);

        Assert.Equal(PrefixChain.Compute("t", Ids), longer[..2]);
    }

    [Fact]
    public void Compute_EarlierTokenDiffers_ChangesEveryLaterName()
    {
        int[] other = [.. Ids];
        other[3]++;

        Assert.Empty(PrefixChain.Compute("t", Ids).Intersect(PrefixChain.Compute("t", other)));
    }

    [Theory]
    [InlineData("u")]
    [InlineData("")]
    [InlineData("t\0")]
    public void Compute_OtherTenant_SharesNoName(string tenant) =>
        Assert.Empty(PrefixChain.Compute("t", Ids).Intersect(PrefixChain.Compute(tenant, Ids)));

    // what an engine reports about blocks of the usual size is what a frontend asks for
    [Fact]
    public void Write_BlocksOfTheUsualSize_GivesTheNamesOfCompute()
    {
        ulong[] names = new ulong[2];

        PrefixChain.Write("t", Ids, PrefixChain.BlockTokens, names);

        Assert.Equal(PrefixChain.Compute("t", Ids), names);
    }

    // other processes and versions must find the same names: a change here is a change of the wire
    [Fact]
    public void Compute_FixedInput_GivesPinnedNames()
    {
        byte[] block = new byte[256];
        Buffer.BlockCopy(Ids, 0, block, 0, 256);
        byte[] seed = System.Security.Cryptography.SHA256.HashData(
            [6, 0, 0, 0, .. "prefix"u8, 1, 0, 0, 0, .. "t"u8]);
        byte[] first = System.Security.Cryptography.SHA256.HashData([.. seed, .. block]);

        Assert.Equal(BitConverter.ToUInt64(first), PrefixChain.Compute("t", Ids)[0]);
    }
}

public sealed class ResponseKeyTests
{
    [Fact]
    public void Compute_SameInput_GivesSameHexadecimalKey()
    {
        string key = ResponseKey.Compute("t", "m", [1, 2], [3]);

        Assert.Equal(key, ResponseKey.Compute("t", "m", [1, 2], [3]));
        Assert.Matches("^[0-9a-f]{64}$", key);
    }

    [Fact]
    public void Compute_AnyPartDiffers_GivesAnotherKey()
    {
        string[] keys =
        [
            ResponseKey.Compute("t", "m", [1, 2], [3]), ResponseKey.Compute("u", "m", [1, 2], [3]), ResponseKey.Compute("t", "n", [1, 2], [3]),
            ResponseKey.Compute("t", "m", [1, 3], [3]), ResponseKey.Compute("t", "m", [1, 2], [4]), ResponseKey.Compute("tm", "", [1, 2], [3]),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());
    }
}
