using System.Globalization;

namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>Which version of this contract a process speaks: all silos and frontends of a cluster the same one.</summary>
public sealed record ContractVersion(int Number)
{
    /// <summary>A configuration key that makes a process pass for another build, so that its refusal can be tested.</summary>
    public const string TestSetting = "Contract:Version";

    // raised with every change of interfaces or messages that a process built before it would get wrong
    private const int Current = 1;

    public static ContractVersion OfThisBuild { get; } = new(Current);

    /// <param name="setting">The value of <see cref="TestSetting"/>; null where it is not set.</param>
    public static ContractVersion From(string? setting) =>
        setting is null ? OfThisBuild : new ContractVersion(int.Parse(setting, CultureInfo.InvariantCulture));
}
