using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.Grpc;
using DeepSeekOrleans.Frontend.OpenAi;
using DeepSeekOrleans.Frontend.Operations;
using Microsoft.AspNetCore.Mvc;

namespace DeepSeekOrleans.Frontend;

/// <summary>The table of all routes and their policies.</summary>
public static class FrontendRoutes
{
    /// <summary>Maps every route of the frontend and the steps before them: error boundary, routing, access gate.</summary>
    /// <exception cref="Language.ModelFormatException">A model's directory cannot be read.</exception>
    public static WebApplication MapDeepSeekFrontend(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<ErrorBoundary>();
        app.UseRouting();
        app.UseMiddleware<AccessGate>();
        app.MapOpenAi();
        app.MapHealth();
        app.MapGrpc();
        return app;
    }

    private static void MapOpenAi(this WebApplication app)
    {
        var chat = app.Services.GetRequiredService<ChatCompletionsEndpoint>();
        app.MapPost("/v1/chat/completions", chat.HandleAsync).WithMetadata(RoutePolicy.Key);

        var completions = app.Services.GetRequiredService<CompletionsEndpoint>();
        app.MapPost("/v1/completions", completions.HandleAsync).WithMetadata(RoutePolicy.Key);

        var conversations = app.Services.GetRequiredService<ConversationsEndpoint>();
        app.MapPost("/v1/conversations", conversations.CreateAsync).WithMetadata(RoutePolicy.Key);
        app.MapGet("/v1/conversations/{conversation}", conversations.GetAsync).WithMetadata(RoutePolicy.Key);
        app.MapGet("/v1/conversations/{conversation}/items", conversations.ListItemsAsync).WithMetadata(RoutePolicy.Key);
        app.MapDelete("/v1/conversations/{conversation}", conversations.DeleteAsync).WithMetadata(RoutePolicy.Key);

        // aliases may hold slashes
        var models = app.Services.GetRequiredService<ModelsEndpoint>();
        app.MapGet("/v1/models", models.ListAsync).WithMetadata(RoutePolicy.Key);
        app.MapGet("/v1/models/{**model}", models.GetAsync).WithMetadata(RoutePolicy.Key);
    }

    private static void MapHealth(this WebApplication app)
    {
        var health = app.Services.GetRequiredService<HealthEndpoints>();
        app.MapGet("/health/live", health.LiveAsync).WithMetadata(RoutePolicy.Open);
        app.MapGet("/health/ready", health.ReadyAsync).WithMetadata(RoutePolicy.Open);
    }

    // gRPC limits the size of a message by itself, and says so in its own terms
    private static void MapGrpc(this WebApplication app)
    {
        var unlimited = new DisableRequestSizeLimitAttribute();
        app.MapGrpcService<InferenceService>().WithMetadata(RoutePolicy.Key, unlimited);
        app.MapGrpcService<HealthService>().WithMetadata(RoutePolicy.Open, unlimited);
    }
}
