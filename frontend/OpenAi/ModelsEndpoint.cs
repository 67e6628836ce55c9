using DeepSeekOrleans.Frontend.Admission;
using DeepSeekOrleans.Frontend.Generation;
using DeepSeekOrleans.Frontend.OpenAi.Contracts;

namespace DeepSeekOrleans.Frontend.OpenAi;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{model}</c>.</summary>
internal sealed class ModelsEndpoint(ModelCatalog catalog)
{
    public Task ListAsync(HttpContext context)
    {
        var list = new ModelList([.. catalog.Models.SelectMany(model => model.Aliases.Prepend(model.Name).Select(name => Card(name, model)))]);
        return context.Response.WriteJsonAsync(list, OpenAiJsonContext.Default.ModelList, context.RequestAborted);
    }

    public Task GetAsync(HttpContext context)
    {
        string name = context.GetRouteValue("model") as string ?? throw RequestRejected.Missing("model");
        ModelCard card = Card(name, catalog.Find(name));
        return context.Response.WriteJsonAsync(card, OpenAiJsonContext.Default.ModelCard, context.RequestAborted);
    }

    private ModelCard Card(string name, ServedModel model) =>
        new(name, catalog.LoadedAt.ToUnixTimeSeconds()) { MaxModelLen = model.ContextLength };
}
