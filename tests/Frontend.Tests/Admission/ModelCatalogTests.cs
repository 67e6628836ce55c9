using DeepSeekOrleans.Frontend.Generation;

namespace DeepSeekOrleans.Frontend.Tests.Admission;

public sealed class ModelCatalogTests
{
    [Theory]
    [InlineData(0, DemoModel.ContextLength)]
    [InlineData(512, 512)]
    [InlineData(1_000_000, DemoModel.ContextLength)]
    public void Find_ContextOfTheWorkers_IsNeverMoreThanTheModels(int ofWorkers, int expected)
    {
        FrontendOptions options = DemoModel.Options;
        options.Models[0].ContextLength = ofWorkers;
        var catalog = new ModelCatalog(Microsoft.Extensions.Options.Options.Create(options), TimeProvider.System);

        Assert.Equal(expected, catalog.Find(DemoModel.Name).ContextLength);
    }
}
