using DeepSeekOrleans.GrainInterfaces;
using DeepSeekOrleans.Grains.Sessions;
using DeepSeekOrleans.Grains.Storage;
using DeepSeekOrleans.Grains.Tests.Storage;
using DeepSeekOrleans.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeepSeekOrleans.Grains.Tests.Sessions;

/// <summary>One conversation over every sort of store.</summary>
public sealed class StoredConversationTests
{
    private const string Id = "conv_1";
    private static readonly TenantName Tenant = new("tenant-a");
    private static readonly StoreKey Name = ConversationStore.NameOf(Tenant, Id);

    private static readonly Conversation New = new()
    {
        CreatedAt = 1_700_000_000,
        Metadata = new() { ["topic"] = "seas" },
        Opening = [new ConversationMessage("system", "Be brief.")],
    };

    public static TheoryData<string> Sorts => StoreRoom.Sorts;

    [Theory, MemberData(nameof(Sorts))]
    public async Task Append_Turns_AreReadInOrderByWhoeverComesLater(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        StoredConversation first = Over(room.Store());
        await first.CreateAsync(New);
        await first.AppendTurnAsync(Turn("r1", "Hi", "Hello!"), number: 0);

        StoredConversation later = Over(room.Store());
        ConversationReply reply = await later.AppendTurnAsync(Turn("r2", "Why?", "Därum. \u26f5"), number: 1);
        ConversationReply read = await first.ReadAsync();

        Assert.Equal(ConversationOutcome.Done, reply.Outcome);
        Assert.Equivalent(reply.Conversation, read.Conversation, strict: true);
        Assert.Equal(["Be brief.", "Hi", "Hello!", "Why?", "Därum. \u26f5"], read.Conversation!.Messages.Select(message => message.Content));
        Assert.Equal("seas", read.Conversation.Metadata["topic"]);
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Append_SameRequestAgain_StoresItOnce(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        await Over(room.Store()).CreateAsync(New);
        await Over(room.Store()).AppendTurnAsync(Turn("r1", "Hi", "Hello!"), number: 0);
        await Over(room.Store()).AppendTurnAsync(Turn("r2", "Why?", "So."), number: 1);

        ConversationReply again = await Over(room.Store()).AppendTurnAsync(Turn("r1", "Hi", "Hello!"), number: 0);

        Assert.Equal(ConversationOutcome.Done, again.Outcome);
        Assert.Equal(["r1", "r2"], again.Conversation!.Turns.Select(turn => turn.Id));
    }

    [Fact]
    public async Task Append_ManyAtOnceAfterTheSameTurn_OneIsStored()
    {
        StoredConversation conversation = Over(Memory());
        await conversation.CreateAsync(New);

        ConversationReply[] replies = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => conversation.AppendTurnAsync(Turn($"r{i}", $"{i}", "x"), number: 0)));

        Assert.Single(replies, reply => reply.Outcome == ConversationOutcome.Done);
        Assert.Equal(19, replies.Count(reply => reply.Outcome == ConversationOutcome.Conflict));
        Assert.Single((await conversation.ReadAsync()).Conversation!.Turns);
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Append_TwoActivationsAtOnceAfterTheSameTurn_OneIsStoredAndTheOtherTold(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore[] stores = [room.Store(), room.Store()];
        for (int round = 0; round < 20; round++)
        {
            StoredConversation[] activations = await CreateAsync(stores, $"conv_{round}");

            ConversationReply[] replies = await Task.WhenAll(activations.Select((activation, i) => Task.Run(
                () => activation.AppendTurnAsync(Turn($"r{i}", $"{i}", "x"), number: 0))));
            Conversation stored = (await activations[0].ReadAsync()).Conversation!;

            ConversationReply done = Assert.Single(replies, reply => reply.Outcome == ConversationOutcome.Done);
            Assert.Single(replies, reply => reply.Outcome == ConversationOutcome.Conflict);
            Assert.Equal(done.Conversation!.Turns.Select(turn => turn.Id), stored.Turns.Select(turn => turn.Id));
        }
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Append_DeletedByAnotherActivationMeanwhile_StaysDeleted(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore[] stores = [room.Store(), room.Store()];
        for (int round = 0; round < 20; round++)
        {
            StoredConversation[] activations = await CreateAsync(stores, $"conv_{round}");

            await Task.WhenAll(
                Task.Run(() => activations[0].AppendTurnAsync(Turn("r0", "Hi", "Hello!"), number: 0)), Task.Run(activations[1].DeleteAsync));

            Assert.Equal(ConversationOutcome.Unknown, (await activations[0].ReadAsync()).Outcome);
        }
    }

    [Fact]
    public async Task OpenTurn_AnotherIsUnderWay_IsAConflictUntilThatEnds()
    {
        StoredConversation conversation = Over(Memory());
        await conversation.CreateAsync(New);

        Assert.Equal(ConversationOutcome.Done, (await conversation.OpenTurnAsync("r1")).Outcome);
        Assert.Equal(ConversationOutcome.Done, (await conversation.OpenTurnAsync("r1")).Outcome);
        Assert.Equal(ConversationOutcome.Conflict, (await conversation.OpenTurnAsync("r2")).Outcome);
        await conversation.AbandonTurnAsync("r2");
        Assert.Equal(ConversationOutcome.Conflict, (await conversation.OpenTurnAsync("r2")).Outcome);
        await conversation.AbandonTurnAsync("r1");
        Assert.Equal(ConversationOutcome.Done, (await conversation.OpenTurnAsync("r2")).Outcome);
        await conversation.AppendTurnAsync(Turn("r2", "Hi", "Hello!"), number: 0);

        Assert.Equal(ConversationOutcome.Done, (await conversation.OpenTurnAsync("r3")).Outcome);
    }

    [Fact]
    public async Task OpenTurn_FrontendHasDied_IsFreeAfterTheLeaseAndTheLateTurnIsRefused()
    {
        var time = new FakeTimeProvider();
        var options = new ConversationOptions();
        StoredConversation conversation = Over(Memory(), options, time);
        await conversation.CreateAsync(New);
        await conversation.OpenTurnAsync("dead");
        time.Advance(options.TurnLease - TimeSpan.FromSeconds(1));
        Assert.Equal(ConversationOutcome.Conflict, (await conversation.OpenTurnAsync("next")).Outcome);

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ConversationOutcome.Done, (await conversation.OpenTurnAsync("next")).Outcome);
        await conversation.AppendTurnAsync(Turn("next", "Hi", "Hello!"), number: 0);
        Assert.Equal(ConversationOutcome.Conflict, (await conversation.AppendTurnAsync(Turn("dead", "Hi", "Late."), number: 0)).Outcome);
    }

    [Fact]
    public async Task Append_BeyondTheBounds_IsFullAndKeepsWhatWasThere()
    {
        var options = new ConversationOptions { MaxBytes = 1_024, MaxTurns = 2 };
        StoredConversation conversation = Over(Memory(), options);
        Assert.Equal(ConversationOutcome.Full, (await conversation.CreateAsync(New with { Opening = Say(new string('x', 1_024)) })).Outcome);
        await conversation.CreateAsync(New);

        ConversationReply tooLong = await conversation.AppendTurnAsync(Turn("r1", "Hi", new string('x', 1_024)), number: 0);
        await conversation.AppendTurnAsync(Turn("r1", "Hi", "a"), number: 0);
        await conversation.AppendTurnAsync(Turn("r2", "Hi", "b"), number: 1);
        ConversationReply third = await conversation.OpenTurnAsync("r3");

        Assert.Equal((ConversationOutcome.Full, ConversationOutcome.Full), (tooLong.Outcome, third.Outcome));
        Assert.Equal(2, (await conversation.ReadAsync()).Conversation!.Turns.Length);
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Keep_TenantHasTooMuch_LosesItsOldestAndNobodyElses(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        var options = new ConversationOptions { MaxTenantBytes = 4_096, TimeToLive = TimeSpan.FromMinutes(5) };
        StoredConversation other = Over(store, options, tenant: "tenant-b");
        await other.CreateAsync(New);
        for (int i = 0; i < 6; i++)
        {
            await Over(store, options, id: $"conv_{i}").CreateAsync(New with { Opening = Say(new string('x', 700)) });
        }

        Assert.Equal(ConversationOutcome.Unknown, (await Over(store, options, id: "conv_0").ReadAsync()).Outcome);
        Assert.Equal(ConversationOutcome.Done, (await Over(store, options, id: "conv_5").ReadAsync()).Outcome);
        Assert.Equal(ConversationOutcome.Done, (await other.ReadAsync()).Outcome);
    }

    [Fact]
    public async Task Read_TimeIsOver_IsUnknown()
    {
        var time = new FakeTimeProvider();
        var options = new ConversationOptions { TimeToLive = TimeSpan.FromHours(1) };
        StoredConversation conversation = Over(new MemoryStore(1_000_000, time), options, time);
        await conversation.CreateAsync(New);
        time.Advance(TimeSpan.FromMinutes(59));
        await conversation.AppendTurnAsync(Turn("r1", "Hi", "Hello!"), number: 0);
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(ConversationOutcome.Done, (await conversation.ReadAsync()).Outcome);

        time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(ConversationOutcome.Unknown, (await conversation.ReadAsync()).Outcome);
    }

    [Theory, MemberData(nameof(Sorts))]
    public async Task Read_DamagedOrForeignValues_AreCountedAndRemovedAndNeverThrown(string sort)
    {
        await using StoreRoom room = await StoreRoom.OpenAsync(sort);
        IValueStore store = room.Store();
        ConversationStore conversations = Open(store, new ConversationOptions());
        byte[] content = ConversationFormat.Write(New with { Turns = [Turn("r1", "Hi", "Hello!")] });
        byte[] good = ValueEnvelope.Seal(Name, ConversationFormat.Schema, content);
        StoreKey foreign = ConversationStore.NameOf(new TenantName("tenant-b"), Id);
        byte[][] bad =
        [
            [], [0], StoreRoom.Bytes("{\"some\": \"json\"}"), good[..^1], [.. good, 0],
            ValueEnvelope.Seal(Name, ConversationFormat.Schema + 1, content),
            ValueEnvelope.Seal(foreign, ConversationFormat.Schema, content),

            // sealed well, but with something else inside
            .. Enumerable.Range(0, content.Length).Select(i => ValueEnvelope.Seal(Name, ConversationFormat.Schema, content.AsSpan(0, i))),
            ValueEnvelope.Seal(Name, ConversationFormat.Schema, [.. content, 0]),
            ValueEnvelope.Seal(Name, ConversationFormat.Schema, [.. new byte[8], 255, 255, 255, 127]),
            ValueEnvelope.Seal(Name, ConversationFormat.Schema, [.. new byte[8], 255, 255, 255, 255]),
        ];

        foreach (byte[] value in bad)
        {
            await store.KeepAsync(Name, value, StoreRoom.Terms);
            Assert.Null(await conversations.FindAsync(Name));
            Assert.Null(await store.FindAsync(Name));
        }

        Assert.Equal(bad.Length, conversations.Foreign);
    }

    [RedisFact]
    public async Task R05_RedisIsFrozen_EveryCallSaysSoAndGoesOnAfterwards()
    {
        await using StoreRoom room = await StoreRoom.OpenAsync("redis");
        var limits = new StorageOptions { StateTimeout = TimeSpan.FromMilliseconds(200) };
        var guarded = new GuardedStore(
            room.Store(), limits.StateTimeout, limits.BreakDuration, TimeProvider.System, NullLogger<GuardedStore>.Instance);
        StoredConversation conversation = Over(guarded);
        await UntilAsync(() => conversation.CreateAsync(New));
        await room.Redis!.FreezeAsync();

        ConversationReply[] replies =
        [
            await conversation.OpenTurnAsync("r1"), await conversation.ReadAsync(), await conversation.DeleteAsync(),
            await conversation.AppendTurnAsync(Turn("r1", "Hi", "Hello!"), number: 0),
        ];

        Assert.All(replies, reply => Assert.Equal((ConversationOutcome.StoreAway, limits.BreakDuration), (reply.Outcome, reply.RetryAfter)));
        await room.Redis.ThawAsync();
        ConversationReply after = await UntilAsync(() => conversation.AppendTurnAsync(Turn("r1", "Hi", "Hello!"), number: 0));
        Assert.Single(after.Conversation!.Turns);
    }

    private static ConversationMessage[] Say(string text) => [new("user", text)];

    private static ConversationTurn Turn(string id, string question, string answer) =>
        new(id, [new ConversationMessage("user", question), new ConversationMessage("assistant", answer)]);

    private static MemoryStore Memory() => new(100_000_000, TimeProvider.System);

    private static ConversationStore Open(IValueStore store, ConversationOptions options) =>
        new(new StateStore(store), Options.Create(options), NullLogger<ConversationStore>.Instance);

    /// <summary>One conversation, new, and an activation of its grain over each of the stores.</summary>
    private static async Task<StoredConversation[]> CreateAsync(IValueStore[] stores, string id)
    {
        StoredConversation[] activations = [.. stores.Select(store => Over(store, id: id))];
        await activations[0].CreateAsync(New);
        return activations;
    }

    private static StoredConversation Over(
        IValueStore store, ConversationOptions? options = null, TimeProvider? time = null, string tenant = "tenant-a", string id = Id)
    {
        options ??= new ConversationOptions();
        StoreKey name = ConversationStore.NameOf(new TenantName(tenant), id);
        return new StoredConversation(Open(store, options), name, options, TimeSpan.FromSeconds(1), time ?? TimeProvider.System);
    }

    /// <summary>Asks again while the store is out of reach.</summary>
    private static async Task<ConversationReply> UntilAsync(Func<Task<ConversationReply>> ask)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            ConversationReply reply = await ask();
            if (reply.Outcome != ConversationOutcome.StoreAway)
            {
                return reply;
            }

            await Task.Delay(20, limit.Token);
        }
    }
}
