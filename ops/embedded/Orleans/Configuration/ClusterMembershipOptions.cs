namespace Orleans.Configuration;

/// <summary>
/// How fast a cluster finds out that a silo has died. Silos of one process share one table and learn of it at once, so these
/// settings are kept for clusters of more than one process.
/// </summary>
public class ClusterMembershipOptions
{
    public int NumMissedProbesLimit { get; set; } = 3;

    public int NumProbedSilos { get; set; } = 10;

    public int NumVotesForDeathDeclaration { get; set; } = 2;

    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(60);

    public TimeSpan DeathVoteExpirationTimeout { get; set; } = TimeSpan.FromMinutes(2);

    public TimeSpan IAmAliveTablePublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A silo that has not said for so many publishing times that it lives has no say in how many votes are needed.</summary>
    public int NumMissedTableIAmAliveLimit { get; set; } = 3;

    public TimeSpan MaxJoinAttemptTime { get; set; } = TimeSpan.FromMinutes(5);

    public bool EnableConnectionLivenessCheck { get; set; } = true;

    /// <summary>Dead silos beyond this number leave the table, the oldest first.</summary>
    public int? MaxDefunctSiloEntries { get; set; } = 25;
}
