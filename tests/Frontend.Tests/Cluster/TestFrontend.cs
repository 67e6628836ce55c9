using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Tests.Admission;
using DeepSeekOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace DeepSeekOrleans.Frontend.Tests.Cluster;

/// <summary>A real frontend on free loopback ports, before a cluster of scripted grains.</summary>
internal sealed class TestFrontend : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;
    private readonly WebApplication _app;

    private TestFrontend(InProcessTestCluster cluster, WebApplication app, ClusterScript script)
    {
        (_cluster, _app, Script) = (cluster, app, script);

        // a response that is given up closes its connection at once instead of reading on for two seconds
        var handler = new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero };
        Http = new HttpClient(handler) { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(30) };
        GrpcAddress = new Uri(app.Urls.Last());
    }

    public ClusterScript Script { get; }

    public HttpClient Http { get; }

    public Uri GrpcAddress { get; }

    public IServiceProvider Services => _app.Services;

    public IScriptedWorkerGrain Worker => _cluster.Client.GetGrain<IScriptedWorkerGrain>(ClusterScript.Worker.ToString());

    public static async Task<TestFrontend> StartAsync(
        ClusterScript? script = null,
        Action<StreamOptions>? streams = null,
        Action<RequestLimits>? limits = null,
        Action<FrontendOptions>? frontend = null,
        params ApiKeyOptions[] keys)
    {
        script ??= new ClusterScript();
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSiloHost((_, host) => host.Services.AddSingleton(script));
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();

        WebApplicationBuilder web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        web.Services.AddSingleton<IGrainFactory>(cluster.Client);
        web.AddDeepSeekFrontend(options =>
        {
            FrontendOptions demo = DemoModel.Options;
            (options.HttpPort, options.GrpcPort, options.Models) = (demo.HttpPort, demo.GrpcPort, demo.Models);
            options.RehearsalLimit = TimeSpan.Zero;
            frontend?.Invoke(options);
        });
        web.Services.Configure<AdmissionOptions>(options => options.Keys = [.. keys]);

        // scripted workers send no beats
        web.Services.Configure<StreamOptions>(options => options.BeatTimeout = TimeSpan.FromSeconds(30));
        web.Services.Configure(streams ?? (_ => { }));
        web.Services.Configure(limits ?? (_ => { }));
        WebApplication app = web.Build();
        app.MapDeepSeekFrontend();
        try
        {
            await app.StartAsync();
            return new TestFrontend(cluster, app, script);
        }
        catch
        {
            await app.DisposeAsync();
            await cluster.DisposeAsync();
            throw;
        }
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json) =>
        Http.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    /// <summary>Sends and returns as soon as the headers are there.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, string json, CancellationToken cancellationToken = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Waits until no answer is left that an equal request would share.</summary>
    public async Task SettledAsync()
    {
        ComputedAnswers answers = Services.GetRequiredService<ComputedAnswers>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (answers.Shared > 0)
        {
            Assert.False(limit.IsCancellationRequested, $"{answers.Shared} answers are not settled");
            await Task.Yield();
        }
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<JsonElement>();

    /// <summary>The error object of a refusal, with all four keys.</summary>
    public static async Task<JsonElement> ErrorAsync(HttpResponseMessage response)
    {
        JsonElement error = (await JsonAsync(response)).GetProperty("error");
        Assert.Equal(["code", "message", "param", "type"], error.EnumerateObject().Select(property => property.Name).Order());
        return error;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _cluster.DisposeAsync();
    }
}
