using System.Text;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Robustness.Tests;

/// <summary>The short set of the rig, one scenario after the other; a seed of its own each time, which a failure names.</summary>
public sealed class ShortSetTests
{
    [RedisFact]
    public Task R01_SilosKilledOneAfterTheOther_NoTokenIsLost() => PassesAsync("R01");

    [RedisFact]
    public Task R02_SilosFrozenAndThawed_NoneSpeaksTwice() => PassesAsync("R02");

    [RedisFact]
    public Task R03_EverySiloReplacedInTurn_NothingFails() => PassesAsync("R03");

    [RedisFact]
    public Task R04_FrontendKilled_OnlyItsOwnConnectionsBreak() => PassesAsync("R04");

    [RedisFact]
    public Task R05_RedisKilledFrozenAndSlow_NothingBreaks() => PassesAsync("R05");

    [RedisFact]
    public Task R06_RedisFlushedThenASiloKilled_TheClusterServesAgain() => PassesAsync("R06");

    [RedisFact]
    public Task R21_RedisDown_LivenessStaysAndReadinessTellsTheTruth() => PassesAsync("R21");

    [RedisFact]
    public Task R23_ColdStartsWithAndBeforeRedis_AreReadyInTime() => PassesAsync("R23");

    private static async Task PassesAsync(string id)
    {
        StringBuilder printed = new();

        Verdict verdict = await Rig.RunAsync(Rig.Scenarios.Single(scenario => scenario.Id == id), RunSettings.Short, line => printed.AppendLine(line));

        Assert.True(verdict == Verdict.Passed, printed.ToString());
    }
}
