using System.Net;
using DeepSeekOrleans.Embedded.Directory;
using Orleans.Runtime;

namespace DeepSeekOrleans.GrainHost.Contract.Tests.EmbeddedOnly;

/// <summary>One silo's share of the directory when another silo goes.</summary>
public sealed class DirectoryPartitionTests
{
    private static readonly SiloAddress Stays = SiloAddress.New(IPAddress.Loopback, 1111, 1);
    private static readonly SiloAddress Leaves = SiloAddress.New(IPAddress.Loopback, 2222, 2);
    private static readonly DirectoryView OnlyOne = new([Stays]);

    private readonly HashSet<SiloAddress> _dead = [];
    private readonly DirectoryPartition _partition;
    private readonly GrainAddress _there = AddressOn(Leaves);
    private readonly GrainAddress _here = AddressOn(Stays);

    public DirectoryPartitionTests() => _partition = new DirectoryPartition(_dead.Contains);

    [Fact]
    public async Task Take_OfASiloThatHasDiedMeanwhile_LeavesNoEntry()
    {
        _dead.Add(Leaves);
        _partition.Show(OnlyOne, Stays, Leaves);

        await _partition.TakeAsync(OnlyOne.Id, Leaves, [_there]);

        Assert.Null(await _partition.LookupAsync(_there.GrainId));
        Assert.Equal(_here, await _partition.RegisterAsync(_here));
    }

    [Fact]
    public async Task Register_BesideTheEntryOfASiloThatDiesJustNow_Holds()
    {
        await _partition.RegisterAsync(_there);
        _dead.Add(Leaves);

        GrainAddress holder = await _partition.RegisterAsync(_here);

        Assert.Equal(_here, holder);
    }

    [Fact]
    public async Task Register_BesideTheEntryOfALivingSilo_IsToldThatOne()
    {
        await _partition.RegisterAsync(_there);

        GrainAddress holder = await _partition.RegisterAsync(_here);

        Assert.Equal(_there, holder);
    }

    private static GrainAddress AddressOn(SiloAddress silo) =>
        new() { GrainId = GrainId.Create("place", "one"), ActivationId = ActivationId.NewId(), SiloAddress = silo };
}
