namespace Orleans.Configuration;

/// <summary>How calls are sent and given up.</summary>
public abstract class MessagingOptions
{
    /// <summary>Half a minute, as long as a person waits.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>In bytes; a larger call fails at its sender.</summary>
    public int MaxMessageBodySize { get; set; } = 100 * 1024 * 1024;

    /// <summary>Whether a call that timed out is also cancelled where it runs.</summary>
    public bool CancelRequestOnTimeout { get; set; }

    /// <summary>Whether a cancelled caller waits for the grain's own end of the call.</summary>
    public bool WaitForCancellationAcknowledgement { get; set; }
}

public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>How many silos may pass a message on before it is refused.</summary>
    public int MaxForwardCount { get; set; } = 2;

    /// <summary>The most calls that may wait for one activation; 0 means no limit.</summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }
}

public class ClientMessagingOptions : MessagingOptions;
