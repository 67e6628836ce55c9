using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>Names a value within a cluster, which the store adds. There is no key without a tenant.</summary>
/// <param name="Kind">What the value is, for example "answer".</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Model">The name and version of the model that it depends on; empty when it depends on none.</param>
/// <param name="Name">Which of these.</param>
internal readonly record struct StoreKey(string Kind, TenantName Tenant, string Model, string Name)
{
    // what an entry costs beside its text and its bytes, in memory as in Redis, rounded up
    private const int EntryOverhead = 256;

    /// <summary>Bytes that a value counts for.</summary>
    public long SizeOf(int valueBytes) => EntryOverhead + Kind.Length + Tenant.Value.Length + Model.Length + Name.Length + (long)valueBytes;

    public bool IsIn(StoreScope scope) =>
        Kind == scope.Kind && (scope.Tenant is null || Tenant == scope.Tenant) && (scope.Model is null || Model == scope.Model);
}

/// <summary>All values of a kind; only one tenant's, only one model's, or only those of both, where they are named.</summary>
internal readonly record struct StoreScope(string Kind, TenantName? Tenant = null, string? Model = null);
