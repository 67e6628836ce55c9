using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Hosting;

/// <summary>Connects the client when its host starts.</summary>
internal sealed class ClientHostedService(ClientRuntime client, IEnumerable<IClientConnectionRetryFilter> retryFilters) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await client.Cluster.ConnectAsync(client.Node, cancellationToken).ConfigureAwait(false);
        while (client.Cluster.Gateways.Length == 0)
        {
            var failure = new SiloUnavailableException("Could not find any gateway of the cluster.");
            bool isToBeRetried = retryFilters.FirstOrDefault() is { } filter
                && await filter.ShouldRetryConnectionAttempt(failure, cancellationToken).ConfigureAwait(false);
            if (!isToBeRetried)
            {
                throw failure;
            }

            await client.Cluster.RefreshAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await client.Cluster.DisconnectAsync(client.Node).ConfigureAwait(false);
        client.Node.Close();
    }
}
