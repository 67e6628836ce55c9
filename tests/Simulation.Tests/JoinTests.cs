using DeepSeekOrleans.Simulation.Workers;

namespace DeepSeekOrleans.Simulation.Tests;

/// <summary>Silos that come to a cluster whose conversations have their prefixes elsewhere.</summary>
public sealed class JoinTests
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    /// <summary>Users who answer at once, and users who read and think; with many the cluster is busy, with few it is not.</summary>
    [Theory]
    [InlineData(24, 0)]
    [InlineData(24, 5)]
    [InlineData(240, 0)]
    [InlineData(240, 5)]
    [InlineData(1_000, 20)]
    public void Join_FourthSilo_HasItsShareWithinTenSecondsAndKeepsIt(int users, double thinkSeconds)
    {
        var conversations = WithThreeSilos(users, thinkSeconds);

        conversations.Join("silo-4");
        conversations.StartCounting();
        conversations.Pass(Ten);
        double soon = ShareOf(conversations, "silo-4");
        conversations.Pass(Settling);
        conversations.StartCounting();
        conversations.Pass(Settling);
        double later = ShareOf(conversations, "silo-4");

        Assert.Equal(0, conversations.Refused);
        Assert.True(soon >= 0.8 && later >= 0.8, $"of its fair share: {soon:P0} in the first ten seconds, {later:P0} after a minute");
    }

    [Theory]
    [InlineData(24, 0)]
    [InlineData(240, 5)]
    public void Join_KilledSiloComesBack_ConversationsThatHadMovedDoNotStayAway(int users, double thinkSeconds)
    {
        var conversations = WithThreeSilos(users, thinkSeconds);
        conversations.Kill("silo-1");
        conversations.Pass(Settling);

        conversations.Join("silo-1");
        conversations.StartCounting();
        conversations.Pass(Ten);
        double share = conversations.Assigned.GetValueOrDefault("silo-1") * 3.0 / conversations.Assigned.Values.Sum();

        Assert.Equal(0, conversations.Refused);
        Assert.True(share >= 0.8, $"{share:P0} of its fair share in the first ten seconds");
    }

    private static Conversations WithThreeSilos(int users, double thinkSeconds)
    {
        var conversations = new Conversations(WorkerCosts.DistillOnTwoH100, users, thinkSeconds, seed: 1);
        conversations.Join("silo-1");
        conversations.Join("silo-2");
        conversations.Join("silo-3");
        conversations.Pass(Settling);
        return conversations;
    }

    private static double ShareOf(Conversations conversations, string silo) =>
        conversations.Assigned.GetValueOrDefault(silo) * 4.0 / conversations.Assigned.Values.Sum();
}
