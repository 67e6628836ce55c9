using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Messaging;

/// <summary>Carries frames between the silos and clients of one cluster, in order for each pair of them.</summary>
internal interface ITransport
{
    /// <summary>Never blocks and never throws for a receiver's sake.</summary>
    /// <returns>False when there is no such receiver.</returns>
    bool Send(SiloAddress from, SiloAddress to, ReadOnlyMemory<byte> frame);
}
