using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeepSeekOrleans.Cli.Up;

/// <summary>What a process of the cluster is to be; the first line that it reads.</summary>
/// <param name="Silo">The silo's name; null for the frontend.</param>
/// <param name="Redis">Where the members find each other.</param>
/// <param name="SiloPort">For the other silos.</param>
/// <param name="GatewayPort">For frontends.</param>
/// <param name="Frontend">The frontend's index, from 0: its ports are so many above the first one's.</param>
internal sealed record ClusterMember(
    LocalClusterSettings Settings, string Redis, string? Silo = null, int SiloPort = 0, int GatewayPort = 0, int Frontend = 0)
{
    public string ToJson() => JsonSerializer.Serialize(this, MemberContext.Default.ClusterMember);
}

/// <summary>What a member says, a line each: that it has started or why not, and later how it does.</summary>
internal sealed record MemberWord(string? Problem = null, int Code = 0, SiloState? State = null);

[JsonSerializable(typeof(ClusterMember))]
[JsonSerializable(typeof(MemberWord))]
internal sealed partial class MemberContext : JsonSerializerContext;
