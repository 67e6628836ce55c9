namespace Orleans.Configuration;

/// <summary>How a client chooses the gateways that it sends through.</summary>
public class GatewayOptions
{
    /// <summary>Not used here: Redis tells the client of every change of the membership.</summary>
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromMinutes(1);
}
