using System.Buffers.Binary;
using System.Text.Json;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Network;

/// <summary>The first frame of the side that connects.</summary>
internal sealed record Greeting(int Protocol, string Service, string Cluster, string From, string To);

/// <summary>The answer to it; after a refusal the connection is closed.</summary>
internal sealed record GreetingAnswer(string? Refused);

/// <summary>What both sides make sure of before the first message.</summary>
internal sealed class Handshake(ClusterOptions cluster, SiloAddress self)
{
    // Raised with every change of the frames that an older silo cannot read.
    private const int Protocol = 1;

    private const int MaxGreetingBytes = 4096;

    // A process that has hung accepts connections and never answers.
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <exception cref="OrleansConnectionException">The other side refuses, with its reason.</exception>
    public async Task GreetAsync(Stream stream, SiloAddress peer, CancellationToken cancellationToken)
    {
        var greeting = new Greeting(Protocol, cluster.ServiceId, cluster.ClusterId, self.ToParsableString(), peer.ToParsableString());
        await WriteAsync(stream, greeting, cancellationToken).ConfigureAwait(false);
        GreetingAnswer answer = await ReadAsync<GreetingAnswer>(stream, cancellationToken).ConfigureAwait(false);
        if (answer.Refused is not null)
        {
            throw new OrleansConnectionException(answer.Refused);
        }
    }

    /// <returns>Who has connected.</returns>
    /// <exception cref="OrleansConnectionException">It was refused.</exception>
    public async Task<SiloAddress> ReceiveAsync(Stream stream, CancellationToken cancellationToken)
    {
        Greeting greeting = await ReadAsync<Greeting>(stream, cancellationToken).ConfigureAwait(false);
        string? refusal = RefusalOf(greeting);
        await WriteAsync(stream, new GreetingAnswer(refusal), cancellationToken).ConfigureAwait(false);
        return refusal is null ? SiloAddress.FromParsableString(greeting.From) : throw new OrleansConnectionException(refusal);
    }

    private string? RefusalOf(Greeting greeting) => greeting switch
    {
        _ when greeting.Protocol != Protocol =>
            $"{greeting.From} speaks version {greeting.Protocol} of the frames and {self} speaks version {Protocol}",
        _ when greeting.Service != cluster.ServiceId || greeting.Cluster != cluster.ClusterId =>
            $"{greeting.From} belongs to the cluster '{greeting.Cluster}' of the service '{greeting.Service}' and {self} to '{cluster.ClusterId}' of '{cluster.ServiceId}'",
        _ when greeting.To != self.ToParsableString() => $"{greeting.From} looks for {greeting.To} and here is {self}",
        _ => null,
    };

    private static async Task WriteAsync<T>(Stream stream, T value, CancellationToken cancellationToken)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value);
        byte[] frame = new byte[FrameReader.PrefixBytes + json.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, json.Length);
        json.CopyTo(frame, FrameReader.PrefixBytes);
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
    }

    // Byte by byte as announced, because what follows belongs to the connection's own reader.
    private static async Task<T> ReadAsync<T>(Stream stream, CancellationToken cancellationToken)
    {
        byte[] prefix = new byte[FrameReader.PrefixBytes];
        await stream.ReadExactlyAsync(prefix, cancellationToken).ConfigureAwait(false);
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length is <= 0 or > MaxGreetingBytes)
        {
            throw new OrleansConnectionException("what connected does not greet as a silo or a client does");
        }

        byte[] json = new byte[length];
        await stream.ReadExactlyAsync(json, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize<T>(json) ?? throw new OrleansConnectionException("the greeting is empty");
        }
        catch (JsonException damaged)
        {
            throw new OrleansConnectionException("the greeting cannot be read", damaged);
        }
    }
}

/// <summary>Two processes did not come together.</summary>
internal sealed class OrleansConnectionException : OrleansException
{
    public OrleansConnectionException(string message)
        : base(message)
    {
    }

    public OrleansConnectionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
