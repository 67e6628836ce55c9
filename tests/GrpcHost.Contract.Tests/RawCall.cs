using System.Net;
using System.Net.Http.Headers;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>Requests that no gRPC client would send.</summary>
internal static class RawCall
{
    /// <summary>A client that gives a hanging server away early.</summary>
    public static HttpClient CreateClient() => new() { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Posts the bytes as the body of a call and reads the response to its end.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient http,
        TestServer server,
        string method,
        byte[] body,
        Action<HttpRequestMessage>? change = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(server.Address, $"/deepseekorleans.contract.v1.Contract/{method}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        change?.Invoke(request);
        return await http.SendAsync(request);
    }

    public static string? Status(HttpResponseMessage response) => Header(response, "grpc-status");

    public static string? Message(HttpResponseMessage response) => Header(response, "grpc-message");

    /// <summary>From the trailers or, where there was no message, from the headers.</summary>
    private static string? Header(HttpResponseMessage response, string name)
    {
        if (response.TrailingHeaders.TryGetValues(name, out IEnumerable<string>? trailers))
        {
            return trailers.Single();
        }

        return response.Headers.TryGetValues(name, out IEnumerable<string>? headers) ? headers.Single() : null;
    }
}
