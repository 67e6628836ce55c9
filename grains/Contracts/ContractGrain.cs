using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Contracts;

/// <summary>Any silo may answer, because all of them speak the same version.</summary>
[AnyGateway]
internal sealed class ContractGrain(ContractVersion version) : Grain, IContractGrain
{
    public Task<int> ReadVersionAsync() => Task.FromResult(version.Number);
}
