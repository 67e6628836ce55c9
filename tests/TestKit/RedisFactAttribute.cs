using Xunit;

namespace DeepSeekOrleans.TestKit;

/// <summary>A fact that needs a real Redis; where it is absent the test is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute() => Skip = RedisServer.IsInstalled ? null : "needs redis-server on the PATH (apt-get install redis-server)";
}
