using System.Security.Cryptography;

namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Names requests. The name is ours alone: workers tell streams apart by it, so a client may not choose it.</summary>
internal static class RequestIds
{
    private const int RandomBytes = 12;

    public static string Assign(HttpContext context)
    {
        string id = "req-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));
        context.TraceIdentifier = id;
        context.Response.Headers["x-request-id"] = id;
        return id;
    }
}
