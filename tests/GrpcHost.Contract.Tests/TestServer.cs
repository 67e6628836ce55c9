using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Client = DeepSeekOrleans.GrpcHost.Contract.Tests.Protos.Contract.ContractClient;

namespace DeepSeekOrleans.GrpcHost.Contract.Tests;

/// <summary>The contract service on Kestrel, HTTP/2 in cleartext, on a free port of the loopback address.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const int MaxReceiveBytes = 64 * 1024;

    private readonly WebApplication _application;
    private readonly GrpcChannel _channel;

    private TestServer(WebApplication application)
    {
        _application = application;
        string address = application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        Address = new Uri(address);
        _channel = GrpcChannel.ForAddress(Address);
        Client = new Client(_channel);
    }

    public Uri Address { get; }

    /// <summary>Our own client.</summary>
    public Client Client { get; }

    /// <summary>What the service has seen.</summary>
    public Observations Seen => _application.Services.GetRequiredService<Observations>();

    public static async Task<TestServer> StartAsync(Action<GrpcServiceOptions>? configure = null, Action<WebApplication>? map = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton<Observations>();
        builder.Services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MaxReceiveBytes;
            configure?.Invoke(options);
        });

        WebApplication application = builder.Build();
        application.MapGrpcService<ContractService>();
        map?.Invoke(application);
        await application.StartAsync();
        return new TestServer(application);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _application.DisposeAsync();
    }
}
