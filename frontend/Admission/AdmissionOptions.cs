namespace DeepSeekOrleans.Frontend.Admission;

/// <summary>Who may use the cluster.</summary>
public sealed class AdmissionOptions
{
    public const string Section = "Admission";

    /// <summary>
    /// The accepted keys. Without any, every request is taken as the tenant <c>local</c>, which is allowed only while the frontend
    /// listens on loopback.
    /// </summary>
    public IList<ApiKeyOptions> Keys { get; set; } = [];
}

/// <summary>One accepted key, known only by its hash.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>Whose key it is: 1 to 64 of the characters A-Z a-z 0-9 . _ -</summary>
    public string Tenant { get; set; } = "";

    /// <summary>SHA-256 of the key's UTF-8 bytes, as 64 hex digits.</summary>
    public string Sha256 { get; set; } = "";
}
