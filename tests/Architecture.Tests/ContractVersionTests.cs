using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Architecture.Tests;

/// <summary>Nobody changes the wire contract without a thought for the processes that run an older build.</summary>
public sealed class ContractVersionTests
{
    private const int PinnedVersion = 1;
    private const string PinnedContract = "cba5286ae55287acae0de30e098971d782d0e7a361eea47bdfeb4aae94ae8ffb";

    [Fact]
    public void Contract_OfThisBuild_IsTheOneThatItsVersionStandsFor()
    {
        string contract = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Describe())));

        Assert.True(
            (PinnedVersion, PinnedContract) == (ContractVersion.OfThisBuild.Number, contract),
            $"The contract has changed. If a process of the last build would get anything wrong (a call or a field that it needs has gone or means "
            + $"something else), raise the number in ContractVersion. Then pin that number here, and {contract}");
    }

    private static string Describe()
    {
        IEnumerable<string> lines =
            from type in typeof(ContractVersion).Assembly.GetTypes()
            where type.Namespace == typeof(ContractVersion).Namespace && !type.IsNested
            from line in type.IsInterface ? Methods(type) : type.IsEnum ? Values(type) : Fields(type)
            select line;
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Methods(Type type) =>
        type.GetMethods().Select(method => $"{type.Name}.{method}");

    private static IEnumerable<string> Values(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(value => $"{type.Name}.{value.Name} = {Convert.ToInt64(value.GetRawConstantValue(), null)}");

    // by the attribute's name, because it is another type in each build
    private static IEnumerable<string> Fields(Type type) =>
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
        from attribute in property.GetCustomAttributesData()
        where attribute.AttributeType.Name == "IdAttribute"
        select $"{type.Name}[{attribute.ConstructorArguments[0].Value}] {property.PropertyType}";
}
