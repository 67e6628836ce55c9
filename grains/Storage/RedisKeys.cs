using StackExchange.Redis;

namespace DeepSeekOrleans.Grains.Storage;

/// <summary>
/// How values are named in Redis: <c>deepseek:{cluster/tenant}:kind:model:name</c>. Each part is escaped, so that none can pose as two, and
/// the braces keep a tenant's values on one node of a Redis cluster, where a script may touch them together.
/// </summary>
internal sealed class RedisKeys(string clusterId)
{
    // an escaped part holds no number sign: these can be no value's key
    private const string ExpiriesSuffix = ":#expiries";
    private const string SizesSuffix = ":#sizes";
    private const string AnyPart = "*";

    private readonly string _cluster = Uri.EscapeDataString(clusterId);

    public RedisKey Of(StoreKey key) =>
        $"{Shelf(Uri.EscapeDataString(key.Tenant.Value), key.Kind)}:{Uri.EscapeDataString(key.Model)}:{Uri.EscapeDataString(key.Name)}";

    /// <summary>The two tables that hold a tenant's values of one kind within their bound.</summary>
    public (RedisKey Expiries, RedisKey Sizes) TablesOf(StoreKey key)
    {
        string shelf = Shelf(Uri.EscapeDataString(key.Tenant.Value), key.Kind);
        return (shelf + ExpiriesSuffix, shelf + SizesSuffix);
    }

    /// <summary>The same for a key that was read from Redis.</summary>
    public static (RedisKey Expiries, RedisKey Sizes) TablesOf(string key)
    {
        string shelf = ShelfOf(key);
        return (shelf + ExpiriesSuffix, shelf + SizesSuffix);
    }

    /// <summary>A pattern that no other cluster's keys match: an escaped part holds no character that patterns know.</summary>
    public string PatternOf(StoreScope scope)
    {
        string tenant = scope.Tenant is { } named ? Uri.EscapeDataString(named.Value) : AnyPart;
        string model = scope.Model is { } version ? Uri.EscapeDataString(version) : AnyPart;
        return $"{Shelf(tenant, scope.Kind)}:{model}:{AnyPart}";
    }

    private static string ShelfOf(string key)
    {
        int kind = key.IndexOf("}:", StringComparison.Ordinal) + 2;
        return key[..key.IndexOf(':', kind)];
    }

    private string Shelf(string tenant, string kind) => $"deepseek:{{{_cluster}/{tenant}}}:{Uri.EscapeDataString(kind)}";
}
