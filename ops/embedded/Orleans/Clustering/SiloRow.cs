using System.Text.Json;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Clustering;

/// <summary>A silo as the table has it.</summary>
/// <param name="GatewayPort">0 when no client may connect.</param>
/// <param name="Grains">The grain types that it can activate, by the names of the interfaces.</param>
/// <param name="Suspicions">Who believes that it is dead.</param>
internal sealed record SiloRow(
    int Schema, string Name, SiloStatus Status, int GatewayPort, Dictionary<string, string> Grains, Suspicion[] Suspicions)
{
    private const int CurrentSchema = 1;

    public static SiloRow New(string name, int gatewayPort, Dictionary<string, string> grains) =>
        new(CurrentSchema, name, SiloStatus.Joining, gatewayPort, grains, []);

    /// <returns>Null for what is damaged or was written by another version: to be left alone.</returns>
    public static SiloRow? Parse(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize<SiloRow>(json) is { Schema: CurrentSchema, Name: not null, Grains: not null, Suspicions: not null } row
                ? row
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this);
}

/// <param name="At">Milliseconds of the table's own clock, so that no silo's clock matters.</param>
internal sealed record Suspicion(string By, long At);

/// <summary>The whole table at one moment.</summary>
/// <param name="Version">Raised with every change.</param>
/// <param name="Now">Milliseconds of the table's own clock.</param>
/// <param name="AliveAt">When each silo last said that it lives.</param>
internal sealed record TableSnapshot(
    long Version, long Now, Dictionary<SiloAddress, SiloRow> Rows, Dictionary<SiloAddress, long> AliveAt);
