namespace DeepSeekOrleans.Embedded.Grpc.Client;

/// <summary>What every call of a channel needs of it.</summary>
/// <param name="MaxSendBytes">Of one request message.</param>
/// <param name="MaxReceiveBytes">Of one response message.</param>
/// <param name="Closed">Cancelled when the channel is disposed.</param>
internal sealed record CallConnection(
    HttpMessageInvoker Http,
    Uri Address,
    int? MaxSendBytes,
    int? MaxReceiveBytes,
    CancellationToken Closed)
{
    /// <summary>The client's response must be readable before its body ends, which an HttpClient does not do by default.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Http is HttpClient client
        ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
        : Http.SendAsync(request, cancellationToken);
}
