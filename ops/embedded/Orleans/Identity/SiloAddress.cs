using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>One run of one silo: its endpoint, and a generation that tells its runs apart. Clients have a negative generation.</summary>
[GenerateSerializer, Immutable]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    private static int _lastGeneration;

    private readonly int _hash;

    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
        _hash = HashCode.Combine(endpoint, generation);
    }

    public static SiloAddress Zero { get; } = New(IPAddress.Any, 0, 0);

    [Id(0)] public IPEndPoint Endpoint { get; }

    [Id(1)] public int Generation { get; }

    public bool IsClient => Generation < 0;

    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    /// <summary>Seconds since 2022, made larger than any number given before in this process.</summary>
    public static int AllocateNewGeneration()
    {
        int seconds = (int)(DateTimeOffset.UtcNow - new DateTimeOffset(2022, 1, 1, 0, 0, 0, TimeSpan.Zero)).TotalSeconds;
        while (true)
        {
            int last = Volatile.Read(ref _lastGeneration);
            int next = Math.Max(seconds, last + 1);
            if (Interlocked.CompareExchange(ref _lastGeneration, next, last) == last)
            {
                return next;
            }
        }
    }

    /// <exception cref="FormatException">The text is not of the form address:port@generation.</exception>
    public static SiloAddress FromParsableString(string addr)
    {
        int at = addr.LastIndexOf('@');
        return at > 0
            && IPEndPoint.TryParse(addr.AsSpan(0, at), out IPEndPoint? endpoint)
            && int.TryParse(addr.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int generation)
            ? New(endpoint, generation)
            : throw new FormatException($"'{addr}' is not a silo address of the form address:port@generation");
    }

    public string ToParsableString() => string.Create(CultureInfo.InvariantCulture, $"{Endpoint}@{Generation}");

    public bool Equals(SiloAddress? other) =>
        ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash && Generation == other.Generation && Endpoint.Equals(other.Endpoint));

    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    public override int GetHashCode() => _hash;

    public int CompareTo(SiloAddress? other) =>
        other is null ? 1 : string.CompareOrdinal(ToParsableString(), other.ToParsableString());

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsClient ? "C" : "S")}{Endpoint}:{Generation}");
}
