namespace DeepSeekOrleans.GrainInterfaces;

/// <summary>Tells frontends of every version which contract the cluster speaks. So this interface itself never changes.</summary>
[Alias("deepseek.IContractGrain")]
public interface IContractGrain : IGrainWithStringKey
{
    /// <summary>The only key in use.</summary>
    const string Key = "contract";

    /// <returns>The number of the silos' <see cref="ContractVersion"/>.</returns>
    [ResponseTimeout("00:00:05")]
    Task<int> ReadVersionAsync();
}
